"""Folder of a project, which is complete or does not exist."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from ...utils.files import atomic_write
from ...utils.json_content import parse_json
from ...utils.unfinished import unfinished

#: File with the settings of a project, from which it is updated.
SETTINGS_FILE = "project.json"
_FORMAT = "mmpretrain_imbalance.project"


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Write a folder beside the given path, and rename it when everything is written.

    Args:
        path: The folder, which must not exist.

    Yields:
        The folder to write to.

    Raises:
        FileExistsError: If the path exists.
    """
    check_absent(path)
    with unfinished(path, is_folder=True) as beside:
        yield beside
        beside.chmod(0o755)
        check_absent(path)  # os.rename would replace an empty folder
        beside.rename(path)


def check_absent(path: Path) -> None:
    """Raise if the folder of a new project exists.

    Args:
        path: The folder.

    Raises:
        FileExistsError: If the path exists.
    """
    if os.path.lexists(path):
        is_project = (path / SETTINGS_FILE).is_file()
        remedy = " To read a corrected table into this project, use --update." if is_project else ""
        raise FileExistsError(
            f"The 'out' argument of new_project must be a folder that does not exist. Got {str(path)!r} "
            f"instead.{remedy} Choose another name, or remove it."
        )


def write_settings(folder: Path, settings: dict[str, Any]) -> None:
    """Write the settings of a project.

    Args:
        folder: Folder of the project.
        settings: The settings, serializable as JSON.
    """
    with atomic_write(folder / SETTINGS_FILE) as file:
        json.dump({"format": _FORMAT, "version": 1, **settings}, file, indent=1, ensure_ascii=False)
        file.write("\n")


def read_settings(folder: Path) -> dict[str, Any]:
    """Read the settings of a project.

    Args:
        folder: Folder of the project.

    Returns:
        The settings.

    Raises:
        FileNotFoundError: If the folder is not a project.
        ValueError: If the file is damaged.
    """
    path = folder / SETTINGS_FILE
    if not path.is_file():
        raise FileNotFoundError(
            f"The 'out' argument of update_project must be the folder of a project. Got {str(folder)!r} "
            f"instead, without {SETTINGS_FILE}. Without --update, a new project is made."
        )
    try:
        settings = parse_json(path.read_bytes(), f"The file {path}")
        is_valid = settings.get("format") == _FORMAT
    except (AttributeError, ValueError):
        is_valid = False
    if not is_valid:
        raise ValueError(f"{path}: expected the settings that new_project writes, found another content.")
    return cast("dict[str, Any]", settings)
