"""Writer of feature stores: resuming at any byte gives the bytes of an unbroken call."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mmpretrain_imbalance.datasets import FeatureStore, FeatureStoreWriter, label_store_from_array
from tests.datasets.stored_features import CLASSES, draw, write_store

FEATURES, LABELS = draw(10)
SETTINGS = dict(dtype="float32", batch_size=4, model="a")


def open_writer(folder: Path, **changes) -> FeatureStoreWriter:
    labels = label_store_from_array(LABELS, [f"{number}.jpg" for number in range(10)], CLASSES)
    return FeatureStoreWriter(folder, labels, dict(SETTINGS, **changes))


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("unbroken") / "train"
    writer = open_writer(folder)
    for start in (0, 4, 8):
        writer.append(FEATURES[start : start + 4])
    writer.finish()
    return content(folder)


# 128 bytes of header and 20 bytes per image: in the header, after it, and within and after batches.
@pytest.mark.parametrize(
    ("size", "written"), [(0, 0), (60, 0), (128, 0), (207, 0), (208, 4), (287, 4), (300, 8), (328, 10)]
)
def test_resumed_after_a_kill(tmp_path: Path, unbroken: dict[str, bytes], size: int, written: int) -> None:
    writer = open_writer(tmp_path / "train")
    for start in (0, 4, 8):
        writer.append(FEATURES[start : start + 4])
    os.truncate(tmp_path / "train" / "features.npy", size)
    writer = open_writer(tmp_path / "train")
    assert (writer.num_written, writer.is_finished) == (written, False)
    for start in range(written, 10, 4):
        writer.append(FEATURES[start : start + 4])
    writer.finish()
    assert content(tmp_path / "train") == unbroken


def test_resumed_after_a_kill_before_the_first_file(tmp_path: Path, unbroken: dict[str, bytes]) -> None:
    folder = tmp_path / "train"
    folder.mkdir()
    (folder / ".unfinished.json.abcdefgh.part").write_text("{")  # what a killed process leaves
    writer = open_writer(folder)
    for start in (0, 4, 8):
        writer.append(FEATURES[start : start + 4])
    writer.finish()
    assert content(folder) == unbroken


def test_resumed_after_a_kill_between_the_manifest_and_the_end(
    tmp_path: Path, unbroken: dict[str, bytes]
) -> None:
    folder = tmp_path / "train"
    writer = open_writer(folder)
    settings = (folder / "unfinished.json").read_bytes()
    for start in (0, 4, 8):
        writer.append(FEATURES[start : start + 4])
    writer.finish()
    (folder / "unfinished.json").write_bytes(settings)
    assert open_writer(folder).is_finished
    assert content(folder) == unbroken


def test_finished_store_is_not_changed(tmp_path: Path) -> None:
    folder = write_store(tmp_path / "train", FEATURES, LABELS)
    before = content(folder)
    labels = FeatureStore.open(folder).labels
    writer = FeatureStoreWriter(folder, labels, dict(dtype="float32", batch_size=4))
    assert (writer.is_finished, writer.num_written) == (True, 10)
    writer.finish()
    assert content(folder) == before


@pytest.mark.parametrize("is_finished", [False, True])
def test_other_settings_are_rejected_by_name(tmp_path: Path, is_finished: bool) -> None:
    writer = open_writer(tmp_path / "train")
    writer.append(FEATURES)
    if is_finished:
        writer.finish()
    with pytest.raises(ValueError, match=r"differs in: dtype \(float32, now float16\), model \(a, now b\)\."):
        open_writer(tmp_path / "train", dtype="float16", model="b")


def test_folder_with_other_files_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(FileExistsError, match="must be a feature store, or not exist"):
        open_writer(tmp_path)


def test_numbers_that_cannot_be_stored(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "train", dtype="float16")
    writer.append(FEATURES[:4])
    large = FEATURES[4:8].copy()
    large[2, 1] = 1e5
    with pytest.raises(ValueError, match=r"Got 100000 at image 6 \(6\.jpg\) instead\. Use float32\."):
        writer.append(large)
    large[2, 1] = np.nan
    with pytest.raises(ValueError, match=r"Got nan at image 6 \(6\.jpg\) instead\.$"):
        writer.append(large)
    with pytest.raises(ValueError, match=r"must have 5 features per image, as before\. Got 3"):
        writer.append(FEATURES[4:8, :3])
    with pytest.raises(ValueError, match=r"all 10 images must be written .* Got those of 4"):
        writer.finish()
    with pytest.raises(ValueError, match="'dtype' argument of FeatureStoreWriter"):
        open_writer(tmp_path / "other", dtype="float64")
