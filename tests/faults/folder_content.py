"""Content of a folder as values that can be compared with those of an unbroken run."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmpretrain_imbalance.utils.checkpoint_files import read_complete_checkpoint

#: Value of a file that cannot be read, such as one that is cut.
DAMAGED = "damaged"
#: Parts of a checkpoint that depend on the clock, on paths, or on whether the run was resumed: MMEngine saves
#: a checkpoint before the metrics of its validation are in the history of the log, which it does not repeat.
_VOLATILE = re.compile(
    r"time$|/eta$|memory$|/cfg$|experiment_name$|last_ckpt$|best_ckpt$|/log_scalars/val/|/runtime_info/(epoch|iter)$"
)


def folder_content(folder: Path, left_out: str = r"$^") -> dict[str, str]:
    """Return a checksum of each file of a folder, by its path in the folder.

    The checksum of a checkpoint is that of its weights and other values, without times and paths. A file that
    must have a structure and does not have it has the value ``DAMAGED``. Empty folders are listed as well.

    Args:
        folder: The folder.
        left_out: Pattern at the beginning of paths to leave out.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if re.match(left_out, name):
            continue
        if path.is_dir():
            if not any(path.iterdir()):
                found[f"{name}/"] = "an empty folder"
            continue
        found[name] = _checksum(path, folder)
    return found


def _checksum(path: Path, folder: Path) -> str:
    try:
        if path.suffix == ".pth":
            return hashlib.sha256("\n".join(_values(read_complete_checkpoint(path))).encode()).hexdigest()
        content = path.read_bytes()
        if path.suffix == ".json":
            json.loads(content)
    except Exception:  # a cut file can cause any error
        return DAMAGED
    # Some files name the folder, which is another one in each run.
    return hashlib.sha256(content.replace(str(folder).encode(), b"FOLDER")).hexdigest()


def _values(value: Any, name: str = "") -> Iterator[str]:
    """Yield a line for each value of a checkpoint, with a checksum for an array."""
    if _VOLATILE.search(name):
        return
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _values(part, f"{name}/{key}")
    elif isinstance(value, (list, tuple)):
        for index, part in enumerate(value):
            yield from _values(part, f"{name}/{index}")
    elif isinstance(value, (np.ndarray, torch.Tensor)):
        array = np.ascontiguousarray(torch.as_tensor(value).numpy())
        yield f"{name} {array.dtype} {array.shape} {hashlib.sha256(array.tobytes()).hexdigest()}"
    elif hasattr(value, "__dict__"):
        yield from _values(vars(value), name)
    else:
        yield f"{name} {value!r}"
