"""Shipped configs, of which each file is read once: a config has ten base files, shared by most configs."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from mmengine.config import Config

_read_file = Config._file2dict
_contents: dict[tuple[str, str], Any] = {}


@cache
def shared_config(path: Path) -> Config:
    """Read a config that the caller must not change."""
    with mock.patch.object(Config, "_file2dict", staticmethod(_read_once)):
        return Config.fromfile(path)


def own_config(path: Path) -> Config:
    """Return a copy of the config that the caller may change."""
    return copy.deepcopy(shared_config(path))


def _read_once(filename: str, *args: Any, **kwargs: Any) -> Any:
    """Return variables and text of a file and its bases, as a copy: a config changes those of its bases."""
    key = str(Path(filename).resolve()), repr((args, kwargs))
    if key not in _contents:
        _contents[key] = _read_file(filename, *args, **kwargs)
    return copy.deepcopy(_contents[key])
