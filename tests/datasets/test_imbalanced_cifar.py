"""Imbalanced CIFAR: class sizes, pixels, and safe reading of pickled files."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from mmpretrain_imbalance.datasets import ImbalancedCIFAR
from mmpretrain_imbalance.datasets.imbalanced_cifar import imbalanced_sizes
from mmpretrain_imbalance.datasets.readers.plain_pickle import read_plain_pickle
from tests.datasets.published_files import write_cifar10


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cifar")
    write_cifar10(folder)
    return str(folder)


@pytest.mark.parametrize("factor", [10, 20, 50, 100, 200])
@pytest.mark.parametrize("num_classes", [10, 100])
def test_sizes_are_those_of_the_formula(factor, num_classes):
    largest = 50000 // num_classes
    sizes = imbalanced_sizes(np.full(num_classes, largest), "exponential", factor)
    expected = [largest * (1 / factor) ** (c / (num_classes - 1)) for c in range(num_classes)]
    assert all(abs(size - value) < 1 + 1e-6 and size <= value + 1e-6 for size, value in zip(sizes, expected))
    assert (sizes[0], sizes[-1]) == (largest, int(largest / factor + 1e-9))
    step = imbalanced_sizes(np.full(num_classes, largest), "step", factor)
    assert step.tolist() == [largest] * (num_classes // 2) + [int(largest / factor + 1e-9)] * (
        num_classes // 2
    )


@pytest.mark.parametrize("imbalance", ["exponential", "step"])
def test_training_images(root, imbalance):
    dataset = ImbalancedCIFAR(root, imbalance=imbalance, imbalance_factor=10)
    expected = imbalanced_sizes(np.full(10, 50), imbalance, 10)
    np.testing.assert_array_equal(dataset.label_counts().positives, expected)
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        assert info["img"].shape == (32, 32, 3)
        assert info["gt_score"].sum() == 1
        # The fixture writes the class into the red channel, which is the last one.
        assert info["gt_score"][info["img"][0, 0, 2]] == 1


def test_test_images_stay_balanced(root):
    assert ImbalancedCIFAR(root, "test", imbalance_factor=10).label_counts().positives.tolist() == [10] * 10


def test_single_label_and_seeds(root):
    first, same, other = (
        ImbalancedCIFAR(root, seed=seed, imbalance_factor=10, single_label=True) for seed in (0, 0, 1)
    )
    info = first.get_data_info(3)
    assert info["gt_label"] == info["img"][0, 0, 2]
    assert "gt_score" not in info
    names = [
        [dataset.label_store.image_name(row) for row in range(len(dataset))]
        for dataset in (first, same, other)
    ]
    assert names[0] == names[1] != names[2]


def test_hostile_and_broken_pickles(root, tmp_path):
    class Hostile:
        def __reduce__(self):
            return eval, ("1/0",)

    path = tmp_path / "data"
    path.write_bytes(pickle.dumps({b"data": Hostile()}))
    with pytest.raises(ValueError, match=r"must have only plain data and arrays.*builtins.eval"):
        read_plain_pickle(path)
    path.write_bytes(pickle.dumps([1] * 100)[:-4])
    with pytest.raises(ValueError, match=r"must have only plain data and arrays"):
        read_plain_pickle(path)
    with pytest.raises(FileNotFoundError, match=r"must be an existing file"):
        ImbalancedCIFAR(str(tmp_path))


@pytest.mark.parametrize("protocol", range(5))
def test_valid_pickles_of_the_size_of_cifar(tmp_path, protocol):
    content = {
        b"data": np.arange(12, dtype=np.uint8).reshape(3, 4),
        b"labels": list(range(20_000)),
        b"filenames": [f"image_{number}.png".encode() for number in range(20_000)],
    }
    (tmp_path / "data").write_bytes(pickle.dumps(content, protocol=protocol))
    read = read_plain_pickle(tmp_path / "data")
    np.testing.assert_array_equal(read.pop(b"data"), content.pop(b"data"))
    assert read == content


def test_wrong_arguments(root):
    with pytest.raises(ValueError, match=r"'imbalance' argument of ImbalancedCIFAR must be one of"):
        ImbalancedCIFAR(root, imbalance="linear")
    with pytest.raises(ValueError, match=r"'imbalance_factor' argument .* must be at least 1. Got 0.5"):
        ImbalancedCIFAR(root, imbalance_factor=0.5)
