"""Label store: round trips of arbitrary labels, damaged folders, and shared memory pages."""

from __future__ import annotations

import copy
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from mmpretrain_imbalance.datasets import (
    LabelStore,
    PartialLabelDataset,
    build_label_store,
    label_store_from_array,
)
from mmpretrain_imbalance.datasets.label_store.build import class_dtype, filter_rows

TABLES = npst.arrays(
    np.int8,
    npst.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=8),
    elements=st.sampled_from([1, 0, -1]),
)


def store_of(labels, default_label=-1):
    labels = np.asarray(labels)
    images = [f"bild_{number}_é.jpg" for number in range(len(labels))]
    return label_store_from_array(
        labels, images, [f"class {c}" for c in range(labels.shape[1])], default_label
    )


def table_of(store):
    return np.stack([store.dense(image) for image in range(len(store))])


@given(labels=TABLES, default_label=st.sampled_from([0, -1]))
def test_any_labels_come_back(labels, default_label):
    store = store_of(labels, default_label)
    np.testing.assert_array_equal(table_of(store), labels)
    assert store.image_name(len(labels) - 1) == f"bild_{len(labels) - 1}_é.jpg"
    store.verify()


@given(labels=TABLES, default_label=st.sampled_from([0, -1]))
def test_any_labels_come_back_from_a_folder(labels, default_label, tmp_path_factory):
    folder = tmp_path_factory.mktemp("store") / "labels"
    store_of(labels, default_label).save(folder)
    opened = LabelStore.open(folder)
    opened.verify()
    np.testing.assert_array_equal(table_of(opened), labels)
    assert opened.class_names == store_of(labels).class_names


@given(labels=TABLES, default_label=st.sampled_from([0, -1]), data=st.data())
def test_counts_are_those_of_a_plain_loop(labels, default_label, data):
    images = data.draw(st.none() | st.lists(st.integers(0, len(labels) - 1)))
    counts = store_of(labels, default_label).label_counts(
        None if images is None else np.array(images, dtype=np.int64)
    )
    expected = np.zeros((labels.shape[1], 3), dtype=int)
    for image in range(len(labels)) if images is None else images:
        for class_index, label in enumerate(labels[image]):
            expected[class_index, label] += 1
    for found, label in ((counts.positives, 1), (counts.negatives, 0), (counts.unknown, -1)):
        np.testing.assert_array_equal(found, expected[:, label])


@given(labels=TABLES, default_label=st.sampled_from([0, -1]), data=st.data())
def test_elements_are_those_of_the_array(labels, default_label, data):
    store = store_of(labels, default_label)
    images = np.array(data.draw(st.lists(st.integers(0, len(labels) - 1))), dtype=np.int64)
    for elements, is_wanted in (
        (store.elements, labels != default_label),
        (store.known_elements, labels != -1),
    ):
        positions, classes, values = elements(images)
        expected_positions, expected_classes = np.nonzero(is_wanted[images])
        np.testing.assert_array_equal(positions, expected_positions)
        np.testing.assert_array_equal(classes, expected_classes)
        np.testing.assert_array_equal(values, labels[images][positions, classes])


@given(labels=TABLES, default_label=st.sampled_from([0, -1]), data=st.data())
def test_dense_rows_are_those_of_the_array(labels, default_label, data):
    images = np.array(data.draw(st.lists(st.integers(0, len(labels) - 1))), dtype=np.int64)
    found = store_of(labels, default_label).dense_rows(images)
    assert found.dtype == np.int8
    np.testing.assert_array_equal(found, labels[images])


def test_the_order_of_elements_does_not_change_a_byte(tmp_path):
    labels = np.random.default_rng(0).integers(-1, 2, (30, 6))
    images, classes = np.nonzero(labels >= 0)
    for name, order in (("a", slice(None)), ("b", slice(None, None, -1))):
        elements = images[order], classes[order], labels[images, classes][order]
        build_label_store(*elements, [str(i) for i in range(30)], list("uvwxyz")).save(tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(files) == 6
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.parametrize("file", ["indptr", "classes", "values", "name_bytes", "name_offsets"])
def test_a_truncated_file_raises_with_its_name(tmp_path, file):
    store_of(np.eye(4, dtype=int)).save(tmp_path / "store")
    path = tmp_path / "store" / f"{file}.npy"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(
        ValueError, match=rf"{file}\.npy .* must have \d+ bytes\. Got \d+ instead: it is truncated"
    ):
        LabelStore.open(tmp_path / "store")


@pytest.mark.parametrize(
    "file", ["indptr.npy", "classes.npy", "values.npy", "name_bytes.npy", "manifest.json"]
)
def test_every_flipped_byte_raises_with_the_file_name(tmp_path, file):
    store_of(np.eye(4, dtype=int)).save(tmp_path / "store")
    path = tmp_path / "store" / file
    content = bytearray(path.read_bytes())
    for position in range(0, len(content), 7):
        damaged = content.copy()
        damaged[position] ^= 4
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=file.replace(".", r"\.")):
            LabelStore.open(tmp_path / "store").verify()


@pytest.mark.parametrize(
    ("file", "element", "value"),
    [
        ("indptr", 0, 1),
        ("indptr", 2, 99),
        ("indptr", -1, 3),
        ("classes", 3, 4),
        ("values", 3, 65),
        ("values", 3, -1),
        ("name_offsets", 0, 1),
        ("name_offsets", 2, 2**40),
        ("name_offsets", -1, 9),
        ("name_bytes", 3, 0xFF),
    ],
)
def test_invalid_arrays_raise_with_the_file_name_without_checksums(tmp_path, file, element, value):
    store_of(np.eye(4, dtype=int)).save(tmp_path / "store")
    path = tmp_path / "store" / f"{file}.npy"
    array = np.load(path)
    array[element] = value
    np.save(path, array)
    with pytest.raises(ValueError, match=rf"store/{file}.npy of a label store must .* it is damaged"):
        PartialLabelDataset(str(tmp_path / "store")).get_data_info(0)


def test_checksums_are_verified_on_request(tmp_path):
    store_of(np.eye(4, dtype=int)).save(tmp_path / "store")
    PartialLabelDataset(str(tmp_path / "store"), check_labels=True)
    path = tmp_path / "store" / "values.npy"
    values = np.load(path)
    values[0] = 0  # a valid label, so that only the checksum shows the change
    np.save(path, values)
    assert PartialLabelDataset(str(tmp_path / "store")).get_gt_labels()[0].tolist() == [0, 0, 0, 0]
    with pytest.raises(ValueError, match=r"values.npy of a label store must have the SHA-256"):
        LabelStore.open(tmp_path / "store", verify=True)
    with pytest.raises(ValueError, match=r"values.npy of a label store must have the SHA-256"):
        PartialLabelDataset(str(tmp_path / "store"), check_labels=True)


def test_a_missing_file_and_a_missing_folder_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent must have the file manifest.json"):
        LabelStore.open(tmp_path / "absent")
    store_of([[1]]).save(tmp_path / "store")
    (tmp_path / "store" / "values.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"must have the file values.npy"):
        LabelStore.open(tmp_path / "store")


def test_a_folder_is_never_overwritten_and_nothing_is_left_beside(tmp_path):
    store_of([[1]]).save(tmp_path / "store")
    with pytest.raises(FileExistsError, match=r"must be a folder that does not exist"):
        store_of([[0]]).save(tmp_path / "store")
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_every_file_is_synced_before_the_folder_is_renamed(tmp_path, monkeypatch):
    written, fsync = set(), os.fsync

    def note(descriptor):
        assert not (tmp_path / "labels").exists()
        written.add(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    store_of([[1, 0, -1]]).save(tmp_path / "labels")
    assert written == {path.name for path in (tmp_path / "labels").iterdir()}


def test_a_failed_save_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(np, "save", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match=r"No space left"):
        store_of([[1]]).save(tmp_path / "store")
    assert list(tmp_path.iterdir()) == []


def test_an_opened_store_pickles_as_its_path(tmp_path):
    store_of(np.ones((1000, 20), dtype=int)).save(tmp_path / "store")
    opened = LabelStore.open(tmp_path / "store")
    content = pickle.dumps(opened)
    assert len(content) < 1000
    np.testing.assert_array_equal(pickle.loads(content).dense(7), np.ones(20))


def test_a_store_in_memory_pickles_and_is_not_copied():
    store = store_of(np.eye(3, dtype=int), default_label=0)
    np.testing.assert_array_equal(table_of(pickle.loads(pickle.dumps(store))), np.eye(3))
    assert copy.deepcopy(store) is store


@pytest.mark.parametrize("image", [-1, -2, 2, np.int64(5)])
def test_rows_out_of_range_raise(image):
    store = store_of([[1, 0], [0, 1]])
    for read in (store.row, store.dense, store.image_name):
        with pytest.raises(
            IndexError, match=f"'image' argument of LabelStore must be from 0 to 1. Got {image} "
        ):
            read(image)


@pytest.mark.parametrize("opened", [False, True])
def test_labels_cannot_be_written(tmp_path, opened):
    store = store_of([[1, 0]])
    if opened:
        store.save(tmp_path / "store")
        store = LabelStore.open(tmp_path / "store")
    with pytest.raises(ValueError, match=r"read-only"):
        store.row(0)[1][0] = 0


def test_verify_names_the_violated_requirement():
    good = store_of([[1, 0], [0, 1]])
    arrays = dict(good._arrays)
    cases = {
        "indptr .* must rise from 0 to the length of classes, 4": {"indptr": np.array([0, 4, 2])},
        "indptr .* must never fall": {"indptr": np.array([0, 5, 4])},
        "name_offsets .* must rise from 0": {"name_offsets": np.array([0, 1, 2])},
        "name_offsets .* must name as many images": {"name_offsets": np.array([0, 26])},
        "classes .* must rise within": {"classes": np.array([1, 0, 0, 1], dtype=np.uint16)},
        "classes .* must be class indices": {"classes": np.array([0, 1, 0, 2], dtype=np.uint16)},
        "classes .* must be one-dimensional and hold integers": {"classes": np.array([0.0, 1, 0, 1])},
        "values .* must be 1, 0": {"values": np.array([1, 0, -1, 1], dtype=np.int8)},
        "values .* must have a label": {"values": np.array([1, 0, 1], dtype=np.int8)},
    }
    for message, wrong in cases.items():
        with pytest.raises(ValueError, match=message):
            LabelStore(**{**arrays, **wrong}, class_names=good.class_names).verify()


@pytest.mark.parametrize(
    ("images", "classes", "values", "message"),
    [
        ([0, 0], [1, 1], [1, 0], "must name each class once per image. Got class 1 twice at image 0"),
        ([0], [2], [1], "'classes' argument .* indices from 0 to 1. Got indices from 2"),
        ([-1], [0], [1], "'images' argument .* indices from 0 to 0. Got indices from -1"),
        ([0], [0], [2], r"'values' argument .* Got \[2\]"),
    ],
)
def test_invalid_elements_raise(images, classes, values, message):
    with pytest.raises(ValueError, match=message):
        build_label_store(images, classes, values, ["a.jpg"], ["cat", "dog"])


def test_a_wrong_shape_and_a_wrong_default_label_raise():
    with pytest.raises(ValueError, match=r"must be of shape \(1, 2\), the numbers of .* Got \(1, 3\)"):
        label_store_from_array([[1, 0, 1]], ["a.jpg"], ["cat", "dog"])
    with pytest.raises(
        ValueError, match=r"'default_label' argument of LabelStore must be 0 .* Got 1 instead"
    ):
        label_store_from_array([[1, 0]], ["a.jpg"], ["cat", "dog"], default_label=1)


@given(
    labels=TABLES,
    default_label=st.sampled_from([0, -1]),
    positives=st.integers(0, 3),
    known=st.integers(0, 3),
)
def test_filtered_rows_have_enough_labels(labels, default_label, positives, known):
    rows = filter_rows(store_of(labels, default_label), np.arange(len(labels)), positives, known)
    enough = ((labels == 1).sum(axis=1) >= positives) & ((labels != -1).sum(axis=1) >= known)
    np.testing.assert_array_equal(rows, np.flatnonzero(enough))


def test_class_indices_fit_their_type():
    for num_classes in (2, 2**16, 2**16 + 1):
        assert np.iinfo(class_dtype(num_classes)).max >= num_classes - 1


@given(labels=TABLES, data=st.data())
def test_names_of_several_images(labels, data):
    store = store_of(labels)
    images = np.array(data.draw(st.lists(st.integers(0, len(labels) - 1))), dtype=np.int64)
    for chosen in (images, np.arange(len(labels))[1:]):
        names = []
        for name_bytes, sizes in store.names(chosen):
            ends = np.cumsum(sizes)
            names += [name_bytes[end - size : end].tobytes().decode() for size, end in zip(sizes, ends)]
        assert names == [store.image_name(image) for image in chosen]
