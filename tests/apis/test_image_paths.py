"""Folders, lists and patterns are resolved to image files in a reproducible order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmpretrain_imbalance.apis import image_paths


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in ("b.jpg", "a.PNG", "deep/er/c.webp", "notes.txt", "deep/d.jpeg", "x[1].jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def relative_paths(folder: Path, paths: list[str]) -> list[str]:
    return [str(Path(path).relative_to(folder)) for path in paths]


def test_folder_is_searched_at_any_depth_and_sorted(photos: Path) -> None:
    assert relative_paths(photos, image_paths(photos)) == [
        "a.PNG",
        "b.jpg",
        "deep/d.jpeg",
        "deep/er/c.webp",
        "x[1].jpg",
    ]


def test_patterns(photos: Path) -> None:
    assert relative_paths(photos, image_paths(f"{photos}/*.jpg")) == ["b.jpg", "x[1].jpg"]
    assert relative_paths(photos, image_paths(f"{photos}/deep/**/*")) == ["deep/d.jpeg", "deep/er/c.webp"]


def test_existing_file_is_not_a_pattern(photos: Path) -> None:
    assert relative_paths(photos, image_paths(photos / "x[1].jpg")) == ["x[1].jpg"]


def test_list_keeps_its_order_without_duplicates(photos: Path) -> None:
    inputs = [
        photos / "deep",
        photos / "b.jpg",
        photos / "deep" / "d.jpeg",
        photos / "notes.txt",
        "missing.jpg",
    ]
    paths = image_paths(inputs)
    assert paths[-1] == "missing.jpg"
    assert relative_paths(photos, paths[:-1]) == ["deep/d.jpeg", "deep/er/c.webp", "b.jpg", "notes.txt"]


def test_unreadable_folder_raises(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def scan_or_raise(path):
        if str(path).endswith("er"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scan_or_raise)
    with pytest.raises(ValueError, match=r"must be readable. Got '.*er' \(Permission denied\)"):
        image_paths(photos)


def test_no_images_found_raises(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="without images instead"):
        image_paths(tmp_path)
    with pytest.raises(ValueError, match="without a match instead"):
        image_paths(str(tmp_path / "*.jpg"))
