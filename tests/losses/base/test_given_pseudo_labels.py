"""Pseudo-labels from an array, a file and a label store, looked up by sample id."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmpretrain_imbalance.datasets import label_store_from_array
from mmpretrain_imbalance.losses.base import given_pseudo_labels
from mmpretrain_imbalance.losses.base.given_pseudo_labels import GivenPseudoLabels

NAMES = ["cat", "dog", "elk", "fox"]
PSEUDO_LABELS = np.random.default_rng(0).integers(-1, 2, (9, 4)).astype(np.int8)
PSEUDO_LABELS[3], PSEUDO_LABELS[4] = -1, 1  # an image without pseudo-labels, and one with all
IDS = torch.tensor([4, 8, 3, 3, 0])


def given(source, **arguments):
    pseudo = GivenPseudoLabels(source, **{"num_images": 9, "owner": "SomeLoss", **arguments})
    pseudo.read(4, NAMES)
    return pseudo


def store(folder, default_label=-1, pseudo_labels=PSEUDO_LABELS, names=NAMES):
    images = [f"{row}.jpg" for row in range(len(pseudo_labels))]
    label_store_from_array(pseudo_labels, images, names, default_label=default_label).save(folder)
    return folder


def npy(file, pseudo_labels=PSEUDO_LABELS):
    np.save(file, pseudo_labels)
    return file


@pytest.mark.parametrize(
    "source",
    [
        lambda path: PSEUDO_LABELS.tolist(),
        lambda path: torch.from_numpy(PSEUDO_LABELS),
        lambda path: npy(path / "pseudo_labels.npy"),
        lambda path: str(npy(path / "pseudo_labels.npy", PSEUDO_LABELS.astype(np.float32))),
        lambda path: npy(path / "pseudo_labels.npy", np.asfortranarray(PSEUDO_LABELS)),
        lambda path: str(store(path / "store")),
        lambda path: store(path / "store", default_label=0),
    ],
    ids=["list", "tensor", "npy", "floats", "columns first", "label store", "default negative"],
)
def test_rows_of_the_images(source, tmp_path):
    found = given(source(tmp_path))(IDS, num_classes=4)
    assert found.dtype == torch.int8
    assert found.tolist() == PSEUDO_LABELS[IDS].tolist()


def test_a_single_image():
    assert given(PSEUDO_LABELS[:1], num_images=1)(torch.tensor([0]), 4).tolist() == PSEUDO_LABELS[:1].tolist()


@pytest.mark.parametrize("label", [-1, 0, 1])
def test_pseudo_labels_of_one_kind(label):
    assert given(np.full((9, 4), label))(IDS, 4).tolist() == [[label] * 4] * 5


def test_a_large_array_is_read_in_chunks(monkeypatch):
    monkeypatch.setattr(given_pseudo_labels, "_CHUNK", 8)
    assert given(PSEUDO_LABELS)(torch.arange(9), 4).tolist() == PSEUDO_LABELS.tolist()
    wrong = PSEUDO_LABELS.copy()
    wrong[7, 2:] = 3  # the message names the first
    with pytest.raises(ValueError, match="Got 3 at image 7, class 2 instead"):
        given(wrong)


def test_only_pseudo_labels_take_memory():
    pseudo_labels = np.full((1000, 50), -1, dtype=np.int8)
    pseudo_labels[::2, 7] = 1
    sparse = GivenPseudoLabels(pseudo_labels, num_images=1000)
    sparse.read(50)
    assert sum(buffer.nbytes for buffer in sparse.buffers()) == 8 * 1001 + 3 * 500
    assert not sparse.state_dict()


def test_more_classes_than_int16_can_index():
    pseudo_labels = np.full((2, 40_000), -1, dtype=np.int8)
    pseudo_labels[1, [5, 39_999]] = 1, 0
    wide = GivenPseudoLabels(pseudo_labels, num_images=2)
    wide.read(40_000)
    assert wide(torch.tensor([1]), 40_000).tolist() == pseudo_labels[1:].tolist()


def test_casts_do_not_change_the_pseudo_labels():
    pseudo_labels = given(PSEUDO_LABELS).half()
    assert pseudo_labels(IDS, 4).tolist() == PSEUDO_LABELS[IDS].tolist()


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (
            lambda path: path / "none.npy",
            FileNotFoundError,
            r"'pseudo_labels' argument of SomeLoss .*none.npy",
        ),
        (lambda path: path, FileNotFoundError, "must be a .npy file or the folder of a label store"),
        (
            lambda path: npy(path / "a.npy", PSEUDO_LABELS[:8]),
            ValueError,
            r"\(9, 4\). Got the shape \(8, 4\) in .*a.npy",
        ),
        (
            lambda path: store(path / "s", pseudo_labels=PSEUDO_LABELS[:8]),
            ValueError,
            r"Got the shape \(8, 4\) in .*s instead",
        ),
        (lambda path: PSEUDO_LABELS[:, :3].tolist(), ValueError, r"Got the shape \(9, 3\) instead"),
        (lambda path: PSEUDO_LABELS[0], ValueError, r"Got the shape \(4,\) instead"),
        (
            lambda path: npy(path / "a.npy", np.where(PSEUDO_LABELS == 1, np.nan, PSEUDO_LABELS)),
            ValueError,
            r"1 \(positive\), 0 \(negative\) or -1 \(no pseudo-label\) .* Got nan at image .*, class .*a.npy",
        ),
        (
            lambda path: store(path / "s", names=["cat", "elk", "dog", "fox"]),
            ValueError,
            "classes of the training set, in the same order. Got 'elk' at the position of 'dog' in .*s",
        ),
        (
            lambda path: [(path / "a.txt").write_text("1, 0"), path / "a.txt"][1],
            ValueError,
            "Got a file of another format, or with pickled objects in .*a.txt",
        ),
    ],
)
def test_invalid_arguments(source, error, message, tmp_path):
    with pytest.raises(error, match=message):
        given(source(tmp_path))


@pytest.mark.parametrize(("array", "wrong"), [("classes", 9), ("values", -2), ("values", 2)])
def test_a_damaged_store_raises(array, wrong, tmp_path):
    folder = store(tmp_path / "store")
    content = np.load(folder / f"{array}.npy")
    content[0] = wrong
    np.save(folder / f"{array}.npy", content)
    with pytest.raises(
        ValueError, match=r"must be an intact label store. Got class indices or labels out of"
    ):
        given(folder)


def cut_manifest(folder):
    file = folder / "manifest.json"
    file.write_text(file.read_text()[:-20])


def manifest_of_something_else(folder):
    (folder / "manifest.json").write_text('{"name": "an application"}')


def missing_array(folder):
    (folder / "values.npy").unlink()


def cut_array(folder):
    file = folder / "indptr.npy"
    file.write_bytes(file.read_bytes()[:-9])


def falling_offsets(folder):
    offsets = np.load(folder / "indptr.npy").copy()
    offsets[1] = offsets[-1]
    np.save(folder / "indptr.npy", offsets)


def negative_class(folder):
    classes = np.load(folder / "classes.npy").astype(np.int32)
    classes[0] = -1
    np.save(folder / "classes.npy", classes)


@pytest.mark.parametrize(
    "damage",
    [cut_manifest, manifest_of_something_else, missing_array, cut_array, falling_offsets, negative_class],
)
def test_every_damage_of_a_store_raises_a_value_error(damage, tmp_path):
    folder = store(tmp_path / "store")
    damage(folder)
    given = GivenPseudoLabels(folder, num_images=len(PSEUDO_LABELS))
    with pytest.raises(ValueError, match=r"must be an intact label store. Got .* in .*store instead"):
        given.read(len(NAMES), NAMES)


def test_a_head_with_another_number_of_classes_raises():
    with pytest.raises(
        ValueError, match="the head have 5 classes, but the pseudo-labels of SomeLoss have 4 classes"
    ):
        given(PSEUDO_LABELS)(IDS, num_classes=5)


def test_the_number_of_images_is_checked():
    with pytest.raises(ValueError, match="'num_images' argument of SomeLoss must be an integer"):
        given(PSEUDO_LABELS, num_images=0)
