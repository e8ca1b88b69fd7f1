"""Texts of configs that are formatted once: MMEngine formats a config for each checkpoint and each log.

This takes more time than the steps of a small training. The texts are the same as without this module.
"""

from __future__ import annotations

import mmengine.config.config
import yapf.yapflib.yapf_api

#: Results by the text before and the options. A forked process has those of its parent.
FORMATTED: dict[tuple[str, str], tuple[str, bool]] = {}
_format = yapf.yapflib.yapf_api.FormatCode


def format_each_text_once() -> None:
    """Let MMEngine take the text of a config that this process has formatted before."""
    yapf.yapflib.yapf_api.FormatCode = _format_once
    if hasattr(mmengine.config.config, "FormatCode"):  # the maintained fork imports it in each call
        mmengine.config.config.FormatCode = _format_once


def _format_once(text: str, **options: object) -> tuple[str, bool]:
    key = (text, repr(options))
    if key not in FORMATTED:
        FORMATTED[key] = _format(text, **options)
    return FORMATTED[key]
