"""Folder of a project: complete or absent, and never in the place of another."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmpretrain_imbalance.apis.project.project_folder import whole_folder


def test_folder_appears_when_it_is_complete(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "new" / "project") as beside:
        (beside / "config.py").write_text("x = 1")
        assert not (tmp_path / "new" / "project").exists()
    assert (tmp_path / "new" / "project" / "config.py").read_text() == "x = 1"
    assert len(list((tmp_path / "new").iterdir())) == 1


def test_folder_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    with (
        pytest.raises(FileExistsError, match="must be a folder that does not exist"),
        whole_folder(tmp_path / "project"),
    ):
        (tmp_path / "project").mkdir()
    assert [path.name for path in tmp_path.iterdir()] == ["project"]
    assert list((tmp_path / "project").iterdir()) == []
