"""Checkpoint from which a run is resumed."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from mmengine.dist import broadcast_object_list, get_world_size, is_main_process
from mmengine.runner import Runner

from mmpretrain_imbalance.hooks.batch_size_hook import BATCH_SIZE, kept_batch_size
from mmpretrain_imbalance.utils.checkpoint_files import read_complete_checkpoint
from mmpretrain_imbalance.utils.files import atomic_write

# What MMEngine reads from a checkpoint when it resumes a run.
_NEEDED = ("meta", "state_dict", "message_hub")


@dataclass
class Resumed:
    """A checkpoint to resume from.

    Attributes:
        path: Path or URL; None if there is none.
        meta: The part of its ``meta`` about the batch size; {} for a URL.
        warnings: Sentences about files that cannot be resumed from.
    """

    path: str | None = None
    meta: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def prepare_resume(runner: Runner, load_from: str | None = None, resume: bool = False) -> None:
    """Choose the checkpoint of a run with ``resume=True``, and keep the total batch size of its run.

    Args:
        runner: Runner before its training. Its checkpoint and its batch size are changed.
        load_from: Checkpoint of the config, with which a run begins that has no checkpoint yet.
        resume: Whether the run then resumes that of this checkpoint; otherwise, it loads the weights.

    Raises:
        ValueError: If the named checkpoint, or each checkpoint of the work folder, is damaged.
        FileNotFoundError: If the named checkpoint does not exist.
    """
    if not runner._resume:
        return
    found: list[Any] = [None]
    if is_main_process():
        folder = Path(runner.work_dir)
        found = [_chosen(runner._load_from, folder, load_from if resume else None)]
        if runner._load_from is None:
            _repair_last_checkpoint(folder, found[0])
    broadcast_object_list(found)  # the ranks may see the files of the folder at different times
    if isinstance(found[0], Exception):
        raise ValueError(str(found[0]))
    chosen: Resumed = found[0]
    for sentence in chosen.warnings:
        runner.logger.warning(sentence)
    if chosen.path is None:
        runner.logger.info("There is no checkpoint to resume from: the run begins with its first epoch.")
    runner._resume, runner._load_from = chosen.path is not None, chosen.path or load_from
    loader = runner.cfg.train_dataloader
    size, sentence = kept_batch_size(chosen.meta, get_world_size(), loader.get("batch_size"))
    if sentence:
        runner.logger.warning(sentence)
        # MMEngine builds the loader from its own copy of the config.
        loader.batch_size = runner._train_dataloader["batch_size"] = size


def _repair_last_checkpoint(folder: Path, chosen: Resumed | ValueError) -> None:
    """Name the chosen checkpoint in ``last_checkpoint`` if this file named none that can be read."""
    if isinstance(chosen, Resumed) and chosen.warnings and chosen.path is not None:
        if Path(chosen.path).parent == folder:
            with atomic_write(folder / "last_checkpoint") as file:
                file.write(chosen.path)


def _chosen(named: str | None, folder: Path, first: str | None) -> Resumed | ValueError:
    """Return the checkpoint, or the error that all ranks raise.

    Without a name, it is the newest of the folder or, at the first call of a run, the one of the config.
    """
    warnings = []
    if named is None:
        found = newest_checkpoint(folder)
        if first is None or isinstance(found, ValueError) or found.path is not None:
            return found
        named, warnings = first, found.warnings
    if "://" in named:
        return Resumed(named, warnings=warnings)
    try:
        return Resumed(named, _checked_meta(Path(named), _NEEDED), warnings)
    except (OSError, UnpicklingError, ValueError) as error:
        return ValueError(f"{error} Resume from another checkpoint, or start a new run.")


def newest_checkpoint(folder: Path) -> Resumed | ValueError:
    """Find the checkpoint that ``last_checkpoint`` names or, if it cannot be read, the newest that can.

    MMEngine empties ``last_checkpoint`` before it writes the new name; a process may be killed in between.

    Args:
        folder: Work folder of the run.

    Returns:
        The checkpoint. Without one, the run begins with its first epoch, unless ``last_checkpoint`` says that
        there was one: then the error to raise.
    """
    last = folder / "last_checkpoint"
    name = last.read_text(encoding="utf-8", errors="replace").strip() if last.is_file() else ""
    # A work folder that was moved or copied has the file under the same name.
    named = [path for path in (folder / Path(name).name, Path(name)) if name and os.path.isfile(path)][:1]
    others = sorted(
        (path for path in folder.glob("*.pth") if path not in named),
        key=lambda path: (path.stat().st_mtime_ns, path.name),
        reverse=True,
    )
    warnings = []
    if last.is_file() and not named:
        warnings.append(
            f"The file {last} must name an existing checkpoint. Got {name!r} instead: a process may have "
            "been killed while it wrote a checkpoint."
        )
    for path in (*named, *others):
        try:
            # A best checkpoint has no state of the optimizer.
            meta = _checked_meta(path, _NEEDED if path in named else (*_NEEDED, "optimizer"))
        except (OSError, UnpicklingError, ValueError) as error:
            if path in named or isinstance(error, (OSError, UnpicklingError)):
                warnings.append(str(error))
            continue
        if warnings:
            warnings.append(f"The run is resumed from {path}, the newest checkpoint that can be read.")
        return Resumed(str(path), meta, warnings)
    if last.is_file():
        return ValueError(
            f"The work folder {folder} must contain a checkpoint that can be read to resume its run. Got "
            f"none instead. {' '.join(warnings)} Delete {last} to start again with the first epoch."
        )
    return Resumed(warnings=warnings)


def _checked_meta(path: Path, needed: tuple[str, ...]) -> dict[str, Any]:
    """Read a checkpoint, and return its meta if a run can be resumed from it."""
    content = read_complete_checkpoint(path)
    missing = [key for key in needed if not isinstance(content, dict) or key not in content]
    if missing:
        raise ValueError(
            f"The checkpoint {str(path)!r} must be one that a training saved, to resume from it. Got a file "
            f"without {missing[0]!r} instead."
        )
    meta = content["meta"]
    if not isinstance(meta, dict) or not all(isinstance(meta.get(key), int) for key in ("epoch", "iter")):
        raise ValueError(
            f"The meta of the checkpoint {str(path)!r} must be a dict with integers as epoch and iter. Got "
            f"{type(meta).__name__} without them instead."
        )
    return {BATCH_SIZE: meta.get(BATCH_SIZE)}
