"""MultiDigits: splits, class frequencies, images, and digits from IDX files."""

from __future__ import annotations

import gzip
import itertools
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.dataset import pseudo_collate
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader

from mmpretrain_imbalance.datasets import MultiDigits, label_counts
from mmpretrain_imbalance.datasets.multi_digits import class_frequencies, draw_canvases, draw_digits
from tests.datasets.published_files import write_mnist

PIPELINE = [dict(type="PackInputs")]


SPLITS = ("train", "val", "test")


@pytest.mark.parametrize("seeds", [(0, 0, 0), (0, 1, 2), (7, 3, 5)])
def test_no_digit_is_in_two_splits(seeds):
    used = [set(MultiDigits(split, 2000, seed=seed).digits.ravel()) for split, seed in zip(SPLITS, seeds)]
    for one, two in itertools.combinations(used, 2):
        assert one & two <= {-1}
    # Validation and testing use all of their digits: 1,797 / 6 and 1,797 / 3.
    assert 290 < len(used[1]) < 310
    assert 590 < len(used[2]) < 610


def test_no_digit_is_a_copy_of_one_of_another_split():
    pictures = load_digits().data
    splits = [MultiDigits(split, 2000, class_frequency="balanced").digits for split in SPLITS]
    seen = [{pictures[index].tobytes() for index in set(digits[digits >= 0])} for digits in splits]
    for one, two in itertools.combinations(seen, 2):
        assert not one & two


def test_splits_of_equal_seed_have_different_compositions():
    labels = [MultiDigits(split, 300, class_frequency="balanced").get_gt_labels() for split in SPLITS]
    for one, two in itertools.combinations(labels, 2):
        assert (one != two).any()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_training_is_long_tailed_and_other_splits_are_balanced(seed):
    train, *others = (label_counts(MultiDigits(split, 2000, seed=seed)) for split in SPLITS)
    assert (np.diff(train.positives) < 0).all()
    assert 51 <= train.positives[0] / train.positives[9] <= 87
    assert not train.unknown.any()
    for counts in others:
        assert counts.positives.max() / counts.positives.min() < 1.1


def test_labels_are_the_classes_of_the_digits():
    dataset = MultiDigits(num_images=300)
    classes = load_digits().target
    for index in range(300):
        digits = dataset.digits[index][dataset.digits[index] >= 0]
        assert 1 <= len(digits) <= 4
        assert dataset.get_cat_ids(index) == sorted(set(classes[digits]))


@settings(max_examples=20)
@given(
    seed=st.integers(0, 1000),
    num_images=st.integers(1, 300),
    max_digits=st.integers(1, 5),
    factor=st.floats(1, 200),
)
def test_classes_have_their_exact_fraction(seed, num_images, max_digits, factor):
    labels = np.repeat(np.arange(10), 7)
    fractions = class_frequencies(10, factor)
    digits = draw_digits(labels, num_images, max_digits, fractions, np.random.default_rng(seed))
    used = digits[digits >= 0]
    found = np.bincount(labels[used], minlength=10)
    assert (np.abs(found - fractions * len(used)) <= 1 + 1e-9).all()
    assert ((digits >= 0).sum(axis=1) >= 1).all()
    # Within a class the numbers of uses differ by at most 1.
    uses = np.bincount(used, minlength=70).reshape(10, 7)
    assert (uses.max(axis=1) - uses.min(axis=1) <= 1).all()


def test_class_frequencies_fall_by_the_factor():
    fractions = class_frequencies(10, 100)
    np.testing.assert_allclose(fractions[0] / fractions[9], 100)
    np.testing.assert_allclose(fractions[1:] / fractions[:-1], 100 ** (-1 / 9))
    np.testing.assert_allclose(class_frequencies(4, 1), 0.25)


def test_every_digit_is_whole_on_its_canvas():
    pool = np.stack([np.full((3, 3), 1 + number, np.uint8) for number in range(4)])
    digits = np.array([[0, 1, 2, 3], [3, -1, -1, -1]])
    first, second = draw_canvases(pool, digits, 12, np.random.default_rng(0), tries=200)
    np.testing.assert_array_equal(np.bincount(first.ravel(), minlength=5)[1:], [9, 9, 9, 9])
    np.testing.assert_array_equal(np.bincount(second.ravel(), minlength=5)[1:], [0, 0, 0, 9])


def test_digits_overlap_little():
    dataset = MultiDigits(num_images=500)
    pixels = load_digits().images.reshape(-1, 64) > 0
    drawn = np.where(dataset.digits >= 0, pixels.sum(axis=1)[dataset.digits], 0).sum()
    assert (dataset.images > 0).sum() > 0.97 * drawn


def test_images_depend_only_on_the_seed():
    first, again, other = (MultiDigits(num_images=50, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.get_gt_labels(), again.get_gt_labels())
    assert (first.images != other.images).any()


@pytest.mark.parametrize(("color_type", "channels"), [("grayscale", 1), ("color", 3)])
def test_images_can_be_packed_by_mmpretrain(color_type, channels):
    dataset = MultiDigits(num_images=6, color_type=color_type, pipeline=PIPELINE, indices=[5, 2])
    item = dataset[1]
    assert item["inputs"].shape == (channels, 32, 32)
    assert item["inputs"].dtype == torch.uint8
    assert item["data_samples"].sample_idx == 2
    assert item["data_samples"].gt_score.shape == (10,)
    item["inputs"].zero_()
    assert dataset[1]["inputs"].any(), "a sample must be a copy"


def test_workers_and_main_process_give_the_same_samples():
    dataset = pickle.loads(pickle.dumps(MultiDigits(num_images=9, pipeline=PIPELINE)))
    batches = list(DataLoader(dataset, 4, num_workers=2, collate_fn=pseudo_collate))
    inputs = torch.stack([image for batch in batches for image in batch["inputs"]])
    torch.testing.assert_close(inputs, torch.stack([item["inputs"] for item in dataset]))


@pytest.fixture
def idx_folder(tmp_path):
    return write_mnist(tmp_path, 120, 40)


@pytest.mark.parametrize(("split", "offset"), [("train", 1), ("val", 1), ("test", 101)])
def test_idx_files_are_read(idx_folder, split, offset):
    dataset = MultiDigits(split, 30, max_digits=1, data_root=str(idx_folder), pipeline=PIPELINE)
    for index, item in enumerate(dataset):
        assert item["inputs"].shape == (1, 64, 64)
        assert item["inputs"].unique().tolist() == [0, dataset.get_cat_ids(index)[0] + offset]


def test_last_sixth_of_the_training_file_is_for_validation(idx_folder):
    train, val, test = (MultiDigits(split, 200, data_root=str(idx_folder)).digits for split in SPLITS)
    assert set(train[train >= 0]) <= set(range(100))
    assert set(val[val >= 0]) == set(range(100, 120))
    assert set(test[test >= 0]) == set(range(40))


def test_uncompressed_idx_files_are_read_too(idx_folder):
    packed = MultiDigits(num_images=5, data_root=str(idx_folder))
    for path in list(idx_folder.iterdir()):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    unpacked = MultiDigits(num_images=5, data_root=str(idx_folder))
    np.testing.assert_array_equal(packed.images, unpacked.images)


def test_a_missing_idx_file_is_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"must be a folder with train-images-idx3-ubyte.gz. Got no file"
    ):
        MultiDigits(data_root=str(tmp_path))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[:-9], "must be complete gzip data"),
        (lambda content: b"<html>", "must be complete gzip data"),
        (
            lambda content: gzip.compress(gzip.decompress(content)[:-1]),
            r"must have 94096 bytes .* Got 94095 instead",
        ),
        (lambda content: gzip.compress(b"\0\0\x08"), "must be an IDX file of bytes"),
        (lambda content: gzip.compress(b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0"), "must be an IDX file of bytes"),
    ],
)
def test_a_damaged_idx_file_is_named(idx_folder, damage, message):
    path = idx_folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=rf"train-images-idx3-ubyte.gz {message}"):
        MultiDigits(data_root=str(idx_folder))


def test_a_folder_without_some_digits_raises(idx_folder):
    path = idx_folder / "train-labels-idx1-ubyte.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[8:] = bytes(len(content) - 8)
    path.write_bytes(gzip.compress(content))
    message = r"pictures of all ten digits. Got no pictures of \[1, 2, 3, 4, 5, 6, 7, 8, 9\] at .*train"
    with pytest.raises(ValueError, match=message):
        MultiDigits(data_root=str(idx_folder))


def test_inconsistent_files_raise(idx_folder):
    (idx_folder / "train-labels-idx1-ubyte.gz").write_bytes(
        (idx_folder / "t10k-images-idx3-ubyte.gz").read_bytes()
    )
    with pytest.raises(ValueError, match=r"pictures and one class from 0 to 9 per picture. Got shapes"):
        MultiDigits(data_root=str(idx_folder))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "dev"}, "'split' argument of MultiDigits must be one of .* Got 'dev'"),
        ({"class_frequency": "step"}, "'class_frequency' argument .* Got 'step'"),
        ({"color_type": "rgb"}, "'color_type' argument .* Got 'rgb'"),
        ({"num_images": 0}, "'num_images' argument .* must be at least 1. Got 0"),
        ({"max_digits": 0}, "'max_digits' argument .* must be at least 1. Got 0"),
        ({"imbalance_factor": 0.5}, "'imbalance_factor' argument .* must be at least 1. Got 0.5"),
        ({"canvas_size": 7}, "'canvas_size' argument .* must be at least 8, the size of a digit. Got 7"),
    ],
)
def test_invalid_arguments_raise(arguments, message):
    with pytest.raises(ValueError, match=message):
        MultiDigits(**arguments)
