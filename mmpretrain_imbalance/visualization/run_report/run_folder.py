"""Files of a work folder: the config, the last checkpoint and the training logs."""

from __future__ import annotations

import os
import re
from pathlib import Path

from mmengine.config import Config


def run_config(work_dir: str | os.PathLike[str]) -> Config:
    """Read the config that MMEngine saved in a work folder.

    Args:
        work_dir: The work folder.

    Returns:
        The config; the newest one if there are several.

    Raises:
        FileNotFoundError: If the folder contains no config.
    """
    configs = sorted(Path(work_dir).glob("*.py"), key=lambda path: path.stat().st_mtime)
    if not configs:
        raise FileNotFoundError(
            f"The 'work_dirs' argument must name work folders of runs. Got {work_dir} instead, without the "
            "config of a run."
        )
    return Config.fromfile(configs[-1])


def last_checkpoint(work_dir: str | os.PathLike[str]) -> Path:
    """Find the latest checkpoint of a work folder, also if the folder was moved after the training.

    Args:
        work_dir: The work folder.

    Returns:
        The checkpoint.

    Raises:
        FileNotFoundError: If the folder contains no checkpoint.
    """
    folder = Path(work_dir)
    note = folder / "last_checkpoint"
    # A damaged note can be of any bytes; os.path.isfile also takes names that no file can have.
    text = note.read_text(encoding="utf-8", errors="replace").strip() if note.is_file() else ""
    named = folder / Path(text).name
    if named != note and os.path.isfile(named):
        return named
    checkpoints = {
        int(number[0]): path
        for path in folder.glob("*.pth")
        if (number := re.search(r"\d+$", path.stem)) is not None
    }
    if not checkpoints:
        raise FileNotFoundError(
            "The 'work_dirs' argument must name folders with a checkpoint such as epoch_20.pth. Got "
            f"{work_dir} without a checkpoint instead."
        )
    return checkpoints[max(checkpoints)]


def log_folders(work_dir: str | os.PathLike[str]) -> list[Path]:
    """List the folders that MMEngine writes for each training and each test, oldest first.

    Args:
        work_dir: The work folder.

    Returns:
        The folders, whose names are times such as ``20261129_211021``.
    """
    folders = Path(work_dir).glob("*")
    return sorted(path for path in folders if re.fullmatch(r"\d{8}_\d{6}", path.name) and path.is_dir())
