"""Answers from a table, a file and a label store, looked up by sample id."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmpretrain_imbalance.datasets import label_store_from_array
from mmpretrain_imbalance.losses.base import given_pseudo_labels
from mmpretrain_imbalance.losses.base.given_pseudo_labels import GivenPseudoLabels

NAMES = ["cat", "dog", "elk", "fox"]
ANSWERS = np.random.default_rng(0).integers(-1, 2, (9, 4)).astype(np.int8)
ANSWERS[3], ANSWERS[4] = -1, 1  # an image without an answer, and one with all
IDS = torch.tensor([4, 8, 3, 3, 0])


def given(source, **arguments):
    answers = GivenPseudoLabels(source, **{"num_images": 9, "owner": "SomeLoss", **arguments})
    answers.read(4, NAMES)
    return answers


def store(folder, default_label=-1, answers=ANSWERS, names=NAMES):
    images = [f"{row}.jpg" for row in range(len(answers))]
    label_store_from_array(answers, images, names, default_label=default_label).save(folder)
    return folder


def npy(file, answers=ANSWERS):
    np.save(file, answers)
    return file


@pytest.mark.parametrize(
    "source",
    [
        lambda path: ANSWERS.tolist(),
        lambda path: torch.from_numpy(ANSWERS),
        lambda path: npy(path / "answers.npy"),
        lambda path: str(npy(path / "answers.npy", ANSWERS.astype(np.float32))),
        lambda path: npy(path / "answers.npy", np.asfortranarray(ANSWERS)),
        lambda path: str(store(path / "store")),
        lambda path: store(path / "store", default_label=0),
    ],
    ids=["list", "tensor", "npy", "floats", "columns first", "label store", "unlisted negative"],
)
def test_rows_of_the_images(source, tmp_path):
    found = given(source(tmp_path))(IDS, num_classes=4)
    assert found.dtype == torch.int8
    assert found.tolist() == ANSWERS[IDS].tolist()


@pytest.mark.parametrize("answer", [-1, 0, 1])
def test_answers_of_one_kind(answer):
    assert given(np.full((9, 4), answer))(IDS, 4).tolist() == [[answer] * 4] * 5


def test_a_large_table_is_read_some_rows_at_a_time(monkeypatch):
    monkeypatch.setattr(given_pseudo_labels, "_CHUNK", 8)
    assert given(ANSWERS)(torch.arange(9), 4).tolist() == ANSWERS.tolist()
    wrong = ANSWERS.copy()
    wrong[7, 2] = 3
    with pytest.raises(ValueError, match="Got 3 at image 7, class 2 instead"):
        given(wrong)


def test_only_answers_take_memory():
    answers = np.full((1000, 50), -1, dtype=np.int8)
    answers[::2, 7] = 1
    sparse = GivenPseudoLabels(answers, num_images=1000)
    sparse.read(50)
    assert sum(buffer.nbytes for buffer in sparse.buffers()) == 8 * 1001 + 3 * 500
    assert not sparse.state_dict()


def test_more_classes_than_two_bytes_count():
    answers = np.full((2, 40_000), -1, dtype=np.int8)
    answers[1, [5, 39_999]] = 1, 0
    wide = GivenPseudoLabels(answers, num_images=2)
    wide.read(40_000)
    assert wide(torch.tensor([1]), 40_000).tolist() == answers[1:].tolist()


def test_casts_leave_the_answers_alone():
    answers = given(ANSWERS).half()
    assert answers(IDS, 4).tolist() == ANSWERS[IDS].tolist()


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
            lambda path: npy(path / "a.npy", ANSWERS[:8]),
            ValueError,
            r"\(9, 4\). Got the shape \(8, 4\) in .*a.npy",
        ),
        (
            lambda path: store(path / "s", answers=ANSWERS[:8]),
            ValueError,
            r"Got the shape \(8, 4\) in .*s instead",
        ),
        (lambda path: ANSWERS[:, :3].tolist(), ValueError, r"Got the shape \(9, 3\) instead"),
        (lambda path: ANSWERS[0], ValueError, r"Got the shape \(4,\) instead"),
        (
            lambda path: npy(path / "a.npy", np.where(ANSWERS == 1, np.nan, ANSWERS)),
            ValueError,
            r"1 \(positive\), 0 \(negative\) or -1 \(no answer\) .* Got nan at image .*, class .* in .*a.npy",
        ),
        (
            lambda path: store(path / "s", names=["cat", "elk", "dog", "fox"]),
            ValueError,
            "about the classes of the training set, in its order. Got 'elk' in place of 'dog' in .*s instead",
        ),
        (
            lambda path: [(path / "a.txt").write_text("1, 0"), path / "a.txt"][1],
            ValueError,
            "Got something else in .*a.txt",
        ),
    ],
)
def test_refusals(source, error, message, tmp_path):
    with pytest.raises(error, match=message):
        given(source(tmp_path))


def test_a_damaged_store_is_refused(tmp_path):
    folder = store(tmp_path / "store")
    classes = np.load(folder / "classes.npy")
    classes[0] = 9
    np.save(folder / "classes.npy", classes)
    with pytest.raises(ValueError, match=r"must be a label store as it was written. Got other classes"):
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
def test_every_damage_of_a_store_is_one_sentence(damage, tmp_path):
    folder = store(tmp_path / "store")
    damage(folder)
    given = GivenPseudoLabels(folder, num_images=len(ANSWERS))
    with pytest.raises(
        ValueError, match=r"must be a label store as it was written. Got .* in .*store instead"
    ):
        given.read(len(NAMES), NAMES)


def test_a_head_of_other_classes_is_refused():
    with pytest.raises(
        ValueError, match="head gives logits of 5 classes, but the answers of SomeLoss are about 4"
    ):
        given(ANSWERS)(IDS, num_classes=5)


def test_the_number_of_images_is_checked():
    with pytest.raises(ValueError, match="'num_images' argument of SomeLoss must be an integer"):
        given(ANSWERS, num_images=0)
