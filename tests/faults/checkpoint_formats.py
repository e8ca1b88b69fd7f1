"""A small valid example of every format of weights, and of the note that names the last checkpoint."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from mmpretrain_imbalance.apis.project.backbone_weights import _stored_tensors
from mmpretrain_imbalance.utils.checkpoint_files import read_complete_checkpoint
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from mmpretrain_imbalance.visualization.run_report.run_folder import last_checkpoint
from tests.faults import plain_arrays as plain
from tests.faults.binary_formats import CHECKSUMS
from tests.faults.file_formats import FileFormat

WITHOUT_CHECKSUMS = (
    "an error that names the file, or other weights: the file has no checksum that torch compares"
)

_CHECKPOINT: dict[str, Any] = {
    "state_dict": {"weight": torch.arange(400.0).reshape(20, 20), "bias": torch.ones(3)},
    "meta": {"epoch": 2, "iter": 20, "dataset_meta": {"classes": ["cat", "dog"]}},
    "optimizer": {"state": {0: {"exp_avg": torch.zeros(12)}}, "param_groups": [{"lr": 0.1, "params": [0]}]},
}


def _plain_content(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain_content(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain_content(item) for item in value]
    return (str(value.dtype), value.tolist()) if isinstance(value, torch.Tensor) else value


def _checkpoint(folder: Path) -> Any:
    return _plain_content(read_complete_checkpoint(folder / "epoch_2.pth"))


def _write_last_checkpoint(folder: Path) -> None:
    (folder / "last_checkpoint").write_text("/work_dirs/animals/epoch_2.pth")
    for number in (1, 2, 3):
        (folder / f"epoch_{number}.pth").write_bytes(b"")


def _write_archive(folder: Path) -> None:
    """Write a package of Python with weights, in whose checksums zip files are right."""
    torch.save(_CHECKPOINT["state_dict"], folder / "weights.pth")
    with zipfile.ZipFile(folder / "weights.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("weights.pth"), (folder / "weights.pth").read_bytes())
    (folder / "weights.pth").unlink()


CHECKPOINT_FORMATS = (
    FileFormat(
        "checkpoint",
        lambda folder: torch.save(_CHECKPOINT, folder / "epoch_2.pth"),
        ("epoch_2.pth",),
        _checkpoint,
        lambda folder: _plain_content(_CHECKPOINT),
        CHECKSUMS,
    ),
    FileFormat(
        "checkpoint_weights",
        lambda folder: torch.save(_CHECKPOINT, folder / "epoch_2.pth"),
        ("epoch_2.pth",),
        lambda folder: load_weights_only(folder / "epoch_2.pth"),
        None,
        WITHOUT_CHECKSUMS,
    ),
    FileFormat(
        "checkpoint_before_torch_1_6",
        lambda folder: torch.save(_CHECKPOINT, folder / "old.pth", _use_new_zipfile_serialization=False),
        ("old.pth",),
        lambda folder: read_complete_checkpoint(folder / "old.pth"),
        None,
        WITHOUT_CHECKSUMS,
    ),
    FileFormat(
        "last_checkpoint",
        _write_last_checkpoint,
        ("last_checkpoint",),
        lambda folder: last_checkpoint(folder).name,
        plain.last_checkpoint,
        "the checkpoint that the file names, or the newest one",
    ),
    FileFormat(
        "weights_safetensors",
        lambda folder: save_file(_CHECKPOINT["state_dict"], folder / "weights.safetensors"),
        ("weights.safetensors",),
        lambda folder: _stored_tensors(folder / "weights.safetensors", "new_project"),
        None,
        WITHOUT_CHECKSUMS,
    ),
    FileFormat(
        "weights_in_archive",
        _write_archive,
        ("weights.whl",),
        lambda folder: _plain_content(_stored_tensors(folder / "weights.whl", "new_project")),
        lambda folder: _plain_content(_CHECKPOINT["state_dict"]),
        CHECKSUMS,
    ),
)
