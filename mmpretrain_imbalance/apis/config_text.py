"""Text of a config that is written quickly.

MMEngine formats the text with yapf, which takes up to a second if the config has long paths. A run does so
for its log, for the file in its work folder and for every checkpoint. It is indented without yapf as well.
"""

from __future__ import annotations

import ast
from pathlib import Path

from mmengine.config import Config


def skip_formatting(cfg: Config) -> None:
    """Let MMEngine write the text of a config without yapf.

    Args:
        cfg: The config, changed in place. ``Config.fromfile`` ignores its own option for this.
    """
    object.__setattr__(cfg, "_format_python_code", False)


def config_text(cfg: Config) -> str:
    """Return the text of a config as Python code, without yapf.

    Args:
        cfg: The config.

    Returns:
        Code that ``Config.fromfile`` reads as the same config, with one argument in each line.
    """
    text: str = Config(cfg.to_dict(), format_python_code=False).pretty_text
    return text


def is_text_of_config(path: Path, cfg: Config) -> bool:
    """Return whether a file has the text of a config, formatted in any way.

    Args:
        path: The file, in UTF-8.
        cfg: The config.
    """
    try:
        return ast.dump(ast.parse(path.read_bytes())) == ast.dump(ast.parse(config_text(cfg)))
    except (SyntaxError, ValueError):  # no Python; a ValueError for null bytes, before Python 3.12
        return False
