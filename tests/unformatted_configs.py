"""Configs as MMEngine makes them, before it formats them.

A Runner formats its config several times, and again for each checkpoint. That takes longer than a training:
in the tests of hooks, it was more than half of the time.
"""

from __future__ import annotations

import ast


def leave_configs_unformatted() -> None:
    """Let configs of this process be checked, but not formatted."""
    import mmengine.config.config
    import yapf.yapflib.yapf_api

    # The stacks import the function differently.
    yapf.yapflib.yapf_api.FormatCode = mmengine.config.config.FormatCode = _check_only


def _check_only(text: str, **kwargs: object) -> tuple[str, bool]:
    """Parse the code, so that an invalid config still fails, and return it without formatting."""
    ast.parse(text)
    return text, False
