"""Checkpoints of a run that may have been killed while it wrote one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from pickle import UnpicklingError

from ....utils.checkpoint_files import read_complete_checkpoint, write_checkpoint
from ....utils.files import atomic_write
from ....utils.safe_checkpoints import load_weights_only


def checkpoints(folder: Path) -> list[Path]:
    """List the files ``epoch_N.pth`` of a folder, the last epoch first."""
    epochs = {
        path: int(match[1])
        for path in folder.glob("epoch_*.pth")
        if (match := re.fullmatch(r"epoch_(\d+)\.pth", path.name))
    }
    return sorted(epochs, key=epochs.__getitem__, reverse=True)


def newest_complete_checkpoint(folder: Path) -> tuple[Path | None, int, list[str]]:
    """Find the checkpoint of the last epoch that can be loaded.

    Args:
        folder: Work directory of the run.

    Returns:
        The checkpoint, or None if there is none; its number of finished epochs; and a sentence for the log
        about each damaged file.
    """
    sentences = []
    for path in checkpoints(folder):
        try:
            content = read_complete_checkpoint(path)
            epoch = int(content["meta"]["epoch"])
        except (KeyError, TypeError, UnpicklingError) as error:
            sentences.append(
                f"The checkpoint {path.name} is not complete: the run ended while it was written. The run "
                f"continues from an earlier one, or from the start ({str(error)[:200]})."
            )
        else:
            return path, epoch, sentences
    return None, 0, sentences


def store_thresholds(checkpoint: Path, thresholds: Path) -> None:
    """Store the content of ``thresholds.json`` in the checkpoint of the same weights, if it is not there.

    ``BestThresholdsHook`` does this itself unless the run was resumed after its last epoch.
    """
    if not thresholds.is_file():
        return
    chosen = json.loads(thresholds.read_text(encoding="utf-8"))
    content = load_weights_only(checkpoint, map_location="cpu")
    if content["meta"].get("thresholds") != chosen:
        content["meta"]["thresholds"] = chosen
        write_checkpoint(checkpoint, content)


def keep_only(checkpoint: Path) -> None:
    """Delete all other checkpoints of the folder, and name this one in ``last_checkpoint``."""
    with atomic_write(checkpoint.parent / "last_checkpoint") as file:
        file.write(str(checkpoint))
    for path in checkpoints(checkpoint.parent):
        if path != checkpoint:
            path.unlink()
