"""PartialLabelDataset in MMPretrain: pipeline, subsets, workers, wrappers, missing and broken images."""

from __future__ import annotations

import json
import logging
import multiprocessing
import pickle

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmpretrain.registry import DATASETS
from PIL import Image
from torch.utils.data import DataLoader

from mmpretrain_imbalance.datasets import PartialLabelDataset, label_counts
from tests.processes import start_server

CLASSES = ("cat", "dog", "elk")
LABELS = np.array([[1, 0, -1], [-1, 1, -1], [0, 0, 0], [1, 1, -1], [-1, -1, -1], [0, 1, 1]])
PIPELINE = [dict(type="LoadImageFromFile"), dict(type="PackInputs")]
SPARSE_PIPELINE = [dict(type="LoadImageFromFile"), dict(type="PackPartialInputs")]


@pytest.fixture
def folder(tmp_path):
    """Six tiny images whose gray value is their index, with a JSON and a CSV file of the same labels."""
    (tmp_path / "images").mkdir()
    data_list, lines = [], ["image," + ",".join(CLASSES)]
    for number, labels in enumerate(LABELS):
        cv2.imwrite(str(tmp_path / "images" / f"{number}.png"), np.full((8, 8, 3), number, np.uint8))
        positives, negatives = (np.flatnonzero(labels == value).tolist() for value in (1, 0))
        data_list.append(dict(img_path=f"{number}.png", gt_label=positives, gt_label_neg=negatives))
        lines.append(f"{number}.png," + ",".join("" if label < 0 else str(label) for label in labels))
    (tmp_path / "labels.json").write_text(
        json.dumps(dict(metainfo=dict(classes=CLASSES), data_list=data_list))
    )
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    return tmp_path


def build(folder, ann_file="labels.json", **kwargs):
    kwargs = {"pipeline": PIPELINE, **kwargs}
    return PartialLabelDataset(ann_file, data_root=str(folder), data_prefix="images", **kwargs)


def labels_of(dataset):
    return np.array([dataset.get_data_info(index)["gt_score"] for index in range(len(dataset))])


@pytest.mark.parametrize("ann_file", ["labels.json", "labels.csv", "store"])
def test_every_kind_of_file_gives_the_same_dataset(folder, ann_file):
    build(folder).label_store.save(folder / "store")
    dataset = build(folder, ann_file)
    np.testing.assert_array_equal(labels_of(dataset), LABELS)
    np.testing.assert_array_equal(dataset.get_gt_labels(), LABELS)
    assert dataset.metainfo["classes"] == CLASSES
    for index, item in enumerate(dataset):
        assert item["inputs"].unique().item() == index
        torch.testing.assert_close(
            item["data_samples"].gt_score, torch.tensor(LABELS[index], dtype=torch.float32)
        )
        assert item["data_samples"].sample_idx == index
    assert [dataset.get_cat_ids(index) for index in range(6)] == [[0], [1], [], [0, 1], [], [1, 2]]


def test_it_is_built_from_a_config(folder):
    config = dict(
        type="PartialLabelDataset",
        ann_file="labels.csv",
        data_root=str(folder),
        data_prefix="images",
        default_label="unknown",
    )
    assert len(DATASETS.build(config)) == 6


def test_negative_default_label(folder):
    np.testing.assert_array_equal(labels_of(build(folder, default_label="negative")), np.maximum(LABELS, 0))


@pytest.mark.parametrize("default_label", ["unknown", "negative"])
def test_sparse_and_dense_samples_have_the_same_labels(folder, default_label):
    dense = labels_of(build(folder, default_label=default_label))
    dataset = build(folder, default_label=default_label, label_format="sparse", pipeline=SPARSE_PIPELINE)
    for labels, item in zip(dense, dataset):
        sample = item["data_samples"]
        assert "gt_score" not in sample
        assert sample.gt_label_indices.dtype == torch.int64
        assert sample.gt_label_values.dtype == torch.int8
        found = torch.full((sample.num_classes,), float(sample.default_label))
        found[sample.gt_label_indices] = sample.gt_label_values.float()
        torch.testing.assert_close(found, torch.tensor(labels))


def test_sparse_labels_with_pack_inputs_raise(folder):
    with pytest.raises(
        ValueError, match=r"'pipeline' argument of PartialLabelDataset must end with PackPartialInputs"
    ):
        build(folder, label_format="sparse")


@pytest.mark.parametrize("lazy_init", [False, True])
@pytest.mark.parametrize(
    ("indices", "expected"),
    [(2, [0, 1]), (-2, [4, 5]), ([5, 0, 5], [5, 0, 5]), ([-1], [5]), ([], []), (0, [])],
)
def test_subsets_keep_the_index_in_the_full_dataset(folder, indices, expected, lazy_init):
    whole = build(folder, lazy_init=lazy_init)
    in_place = build(folder, lazy_init=lazy_init)
    in_place.get_subset_(indices)
    for subset in (build(folder, indices=indices, lazy_init=lazy_init), whole.get_subset(indices), in_place):
        assert len(subset) == len(expected)
        assert [subset.get_data_info(index)["sample_idx"] for index in range(len(subset))] == expected
        np.testing.assert_array_equal(subset.get_gt_labels(), LABELS[expected])
        np.testing.assert_array_equal(label_counts(subset).positives, (LABELS[expected] == 1).sum(axis=0))
    assert len(whole) == 6


def test_indices_beyond_the_end_raise(folder):
    with pytest.raises(
        IndexError, match=r"'indices' argument .* below the number of samples, 6. Got indices from 6"
    ):
        build(folder, indices=[6])


@pytest.mark.parametrize(
    ("filter_cfg", "expected"),
    [({"min_positives": 1}, [0, 1, 3, 5]), ({"min_known": 2}, [0, 2, 3, 5]), ({}, range(6))],
)
def test_images_with_too_few_labels_are_filtered(folder, filter_cfg, expected):
    dataset = build(folder, filter_cfg=filter_cfg)
    assert [dataset.get_data_info(index)["sample_idx"] for index in range(len(dataset))] == list(expected)


def test_classes_are_chosen_and_ordered_by_name(folder):
    for kwargs in ({"classes": ["elk", "cat"]}, {"metainfo": {"classes": ("elk", "cat")}}):
        dataset = build(folder, **kwargs)
        np.testing.assert_array_equal(labels_of(dataset), LABELS[:, [2, 0]])
        assert dataset.metainfo["classes"] == ("elk", "cat")
    with pytest.raises(ValueError, match=r"Got 'yak', which is not in the annotations"):
        build(folder, classes=["yak"])


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        (
            {"default_label": "absent"},
            "'default_label' argument .* must be one of 'unknown', 'negative'. Got 'absent'",
        ),
        ({"label_format": "csr"}, "'label_format' argument .* must be one of 'dense', 'sparse'. Got 'csr'"),
        ({"filter_cfg": {"filter_empty_gt": True}}, r"'filter_cfg' argument .* Got \['filter_empty_gt'\]"),
        (
            {"ann_file": "labels.csv", "default_label": "negative"},
            "'default_label' argument .* write 0 into the cells",
        ),
        ({"ann_file": "labels.txt"}, "'ann_file' argument .* must be a .json or .csv file, or the folder"),
    ],
)
def test_invalid_arguments_raise(folder, kwargs, message):
    with pytest.raises(ValueError, match=message):
        build(folder, **kwargs)


@pytest.mark.parametrize(
    ("start_method", "label_format"), [("fork", "dense"), ("fork", "sparse"), ("forkserver", "sparse")]
)
def test_workers_and_main_process_give_the_same_samples(folder, start_method, label_format):
    pipeline = PIPELINE if label_format == "dense" else SPARSE_PIPELINE
    dataset = build(folder, label_format=label_format, pipeline=pipeline)
    start_server()  # its processes get a pickled dataset, as those of spawn, and start in less time
    context = multiprocessing.get_context(start_method)
    loader = DataLoader(dataset, 4, num_workers=1, collate_fn=pseudo_collate, multiprocessing_context=context)
    field = "gt_score" if label_format == "dense" else "gt_label_indices"
    found = [sample for batch in loader for sample in batch["data_samples"]]
    assert len(found) == 6
    for sample, item in zip(found, dataset):
        torch.testing.assert_close(sample.get(field), item["data_samples"].get(field))


def test_it_pickles(folder):
    dataset = build(folder, indices=[3, 1])
    np.testing.assert_array_equal(labels_of(pickle.loads(pickle.dumps(dataset))), LABELS[[3, 1]])


@pytest.fixture(params=["missing", "empty", "broken"])
def bad_image(folder, request):
    path = folder / "images" / "2.png"
    if request.param == "missing":
        path.unlink()
    else:
        path.write_bytes(b"" if request.param == "empty" else path.read_bytes()[:40])
    return {"missing": "no such file", "empty": "an empty file", "broken": "a truncated or broken image"}[
        request.param
    ]


@pytest.mark.parametrize("test_mode", [False, True])
def test_a_bad_image_is_named_when_it_is_loaded(folder, bad_image, test_mode):
    dataset = build(folder, test_mode=test_mode, indices=[1, 2])
    dataset[0]
    with pytest.raises(
        (FileNotFoundError, ValueError),
        match=rf"image of sample 2 of .*labels.json .* Got {bad_image}.*2.png",
    ):
        dataset[1]


def test_bad_images_are_found_beforehand_and_counted(folder, bad_image):
    (folder / "images" / "4.png").unlink()
    with pytest.raises(
        (FileNotFoundError, ValueError), match=rf"sample 2 of .* Got {bad_image} .*\n?.*1 more images"
    ):
        build(folder, check_images=True)


def test_readable_images_pass_the_check(folder):
    assert len(build(folder, check_images=True)) == 6


def test_a_huge_image_is_accepted_if_the_pipeline_can_read_it(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3)  # Pillow raises above twice this number
    dataset = build(folder, check_images=True)
    assert dataset[2]["inputs"].ndim == 3
    message = (
        "image of sample 2 of .*labels.json .* Got an image that Pillow rejects because of its size .*2.png"
    )
    load = dict(type="LoadImageFromFile", imdecode_backend="pillow")
    with pytest.raises(ValueError, match=message):
        build(folder, pipeline=[load, dict(type="PackInputs")])[2]
    path = folder / "images" / "2.png"
    path.write_bytes(path.read_bytes()[:50])  # the size of the image is in these bytes
    with pytest.raises(ValueError, match=message):
        build(folder, check_images=True)


def test_other_errors_of_the_pipeline_are_not_changed(folder):
    def fail(_):
        raise KeyError("scale")

    with pytest.raises(KeyError, match=r"scale"):
        build(folder, pipeline=[fail])[0]


def test_a_file_without_negatives_is_warned_about(folder, caplog, monkeypatch):
    messages = []
    monkeypatch.setattr(
        "mmpretrain_imbalance.datasets.partial_label_dataset.print_log",
        lambda text, **kwargs: messages.append((text, kwargs)),
    )
    (folder / "positives.csv").write_text("image,cat,dog\n0.png,1,\n1.png,,1\n")
    assert not build(folder, "positives.csv").has_negatives
    ((text, kwargs),) = messages
    assert "positives.csv has no known negatives" in text
    assert kwargs["level"] == logging.WARNING
    assert build(folder).has_negatives
    assert build(folder, default_label="negative").has_negatives
    assert len(messages) == 1
