"""The text of a config is read as the same config."""

from __future__ import annotations

import ast
from copy import deepcopy
from pathlib import Path

import pytest
from mmengine.config import Config

from mmpretrain_imbalance.apis.config_text import config_text, is_text_of_config, skip_formatting

PROTOCOL = Path(__file__).resolve().parents[2] / "configs" / "_base_" / "protocols" / "digits_all_known.py"


def test_text_without_yapf_is_read_as_the_same_config(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("mmengine.config.config", "yapf.yapflib.yapf_api"):  # the stacks import it differently
        monkeypatch.setattr(f"{module}.FormatCode", None, raising=False)
    cfg = Config.fromfile(PROTOCOL)
    cfg.names = dict(quoted="a 'b' \"c\"", lines="a\nb", path="/long" * 50, keys={"1 a": (1, [2.5, None])})
    text = config_text(cfg)
    assert Config.fromstring(text, ".py").to_dict() == cfg.to_dict()
    with pytest.raises(SyntaxError, match="Failed to format"):
        _ = cfg.pretty_text
    skip_formatting(cfg)
    assert cfg.pretty_text == deepcopy(cfg).pretty_text == text


def test_the_text_of_another_config_is_found_in_any_formatting(tmp_path: Path) -> None:
    cfg = Config.fromfile(PROTOCOL)
    path = tmp_path / "config.py"
    text = config_text(cfg)
    formatted = ast.unparse(ast.parse(text))
    assert formatted != text
    for content, expected in [
        (text, True),
        (formatted, True),
        (formatted + "seed = 1\n", False),
        (formatted.replace("num_images=", "num_image="), False),
        ("x = (", False),
        (text[:-2] + "\0", False),
        ("", False),
    ]:
        path.write_text(content)
        assert is_text_of_config(path, cfg) is expected, content
