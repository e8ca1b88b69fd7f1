"""Faster tests: a Runner formats its config four times, which takes more time than one training step."""

from __future__ import annotations

import ast

import mmengine.config.config
import pytest
import yapf.yapflib.yapf_api


def check_only(text: str, **kwargs: object) -> tuple[str, bool]:
    """Parse the code, so that an invalid config still fails, and return it without formatting."""
    ast.parse(text)
    return text, False


@pytest.fixture(autouse=True)
def _configs_are_not_formatted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yapf.yapflib.yapf_api, "FormatCode", check_only)
    monkeypatch.setattr(mmengine.config.config, "FormatCode", check_only, raising=False)
