"""Checkpoints of MMEngine are complete, or the earlier file remains."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.fileio import get_file_backend
from mmengine.runner import save_checkpoint

import mmpretrain_imbalance  # noqa: F401
from mmpretrain_imbalance.utils.atomic_backend import AtomicLocalBackend
from tests.full_disk import file_size_limit


@pytest.mark.parametrize("arguments", [None, dict(backend="local")])
def test_mmengine_writes_local_files_with_it(arguments) -> None:
    assert type(get_file_backend("work_dirs/epoch_1.pth", backend_args=arguments)) is AtomicLocalBackend


def test_a_checkpoint_that_does_not_fit_leaves_the_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "epoch_1.pth"
    save_checkpoint(dict(epoch=1), str(path))
    with file_size_limit(1000), pytest.raises(OSError, match=r"epoch_1\.pth"):
        save_checkpoint(dict(weights=torch.zeros(1000)), str(path))
    assert torch.load(path) == dict(epoch=1)
    assert list(tmp_path.iterdir()) == [path]
