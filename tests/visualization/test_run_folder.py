"""The last checkpoint of a work folder, whatever its note says."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmpretrain_imbalance.visualization.run_report.run_folder import last_checkpoint


@pytest.mark.parametrize(
    ("note", "name"),
    [
        (b"/gone/run/epoch_2.pth\n", "epoch_2.pth"),
        (b"epoch_7.pth", "epoch_10.pth"),
        (b"", "epoch_10.pth"),
        (b"epoch_2\xff.pth", "epoch_10.pth"),
        (b"a\0b", "epoch_10.pth"),
        (b"/run/last_checkpoint", "epoch_10.pth"),
        (b"x" * 300, "epoch_10.pth"),
        (None, "epoch_10.pth"),
    ],
)
def test_the_named_checkpoint_or_the_newest(tmp_path: Path, note: bytes | None, name: str) -> None:
    for number in (2, 9, 10):
        (tmp_path / f"epoch_{number}.pth").touch()
    if note is not None:
        (tmp_path / "last_checkpoint").write_bytes(note)
    assert last_checkpoint(tmp_path) == tmp_path / name


def test_a_folder_without_checkpoints(tmp_path: Path) -> None:
    (tmp_path / "last_checkpoint").write_text("epoch_2.pth")
    with pytest.raises(FileNotFoundError, match="'work_dirs' argument must name folders with a checkpoint"):
        last_checkpoint(tmp_path)
