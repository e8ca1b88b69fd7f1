"""SimulatePartialLabels: reproducible labels for workers, copies, subsets, wrappers and annotation files."""

from __future__ import annotations

import json
import pickle

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import ConcatDataset, RepeatDataset, pseudo_collate
from mmpretrain.datasets import MultiLabelDataset
from mmpretrain.registry import DATASETS
from torch.utils.data import DataLoader, Subset, TensorDataset

from mmpretrain_imbalance.datasets import (
    MultiDigits,
    PartialLabelDataset,
    SimulatePartialLabels,
    label_counts,
    label_store_from_array,
    simulate_store,
)
from mmpretrain_imbalance.datasets.simulate_store import LabelSource
from mmpretrain_imbalance.datasets.transforms import LABEL_KEYS
from mmpretrain_imbalance.functional.simulation import simulate_partial_labels

AMOUNTS = {
    "rps": {"probability": 0.4},
    "fpc": {"num_labels": 3},
    "single_positive": {},
    "n_per_image": {"num_labels": 2},
    "known_label_ratio": {"known_label_ratio": 0.3},
    "drop_positives": {"probability": 0.4},
}
each_protocol = pytest.mark.parametrize("protocol", AMOUNTS)
PIPELINE = [dict(type="PackInputs")]


def simulate(dataset, protocol="rps", **kwargs):
    return SimulatePartialLabels(dataset, protocol, **{**AMOUNTS[protocol], **kwargs})


@each_protocol
def test_dataset_and_function_give_the_same_labels(protocol):
    digits = MultiDigits(num_images=60, pipeline=PIPELINE)
    dataset = simulate(digits, protocol, seed=5)
    expected = simulate_partial_labels(digits.get_gt_labels(), protocol, seed=5, **AMOUNTS[protocol])
    np.testing.assert_array_equal(dataset.get_gt_labels(), expected)
    for index, item in enumerate(dataset):
        np.testing.assert_array_equal(item["data_samples"].gt_score, expected[index])
        torch.testing.assert_close(item["inputs"], digits[index]["inputs"])
        assert dataset.get_cat_ids(index) == np.flatnonzero(expected[index] == 1).tolist()
    np.testing.assert_array_equal(label_counts(dataset).unknown, (expected == -1).sum(axis=0))


@each_protocol
@pytest.mark.parametrize("default_label", [0, -1])
def test_store_in_small_chunks_and_function_give_the_same_labels(protocol, default_label, monkeypatch):
    monkeypatch.setattr("mmpretrain_imbalance.datasets.simulate_store._CHUNK", 64)
    labels = np.random.default_rng(0).integers(-1, 2, (200, 7))
    store = label_store_from_array(labels, [""] * 200, list("abcdefg"), default_label)
    rows = np.arange(200)
    amount = next(iter(AMOUNTS[protocol].values()), None)
    result = simulate_store.simulate_store([LabelSource(store, rows, rows, 0)], protocol, amount, seed=1)
    expected = simulate_partial_labels(labels, protocol, seed=1, **AMOUNTS[protocol])
    np.testing.assert_array_equal([result.dense(row) for row in rows], expected)
    result.verify()


def test_labels_of_classes_that_first_appear_late_are_kept(monkeypatch):
    """Labels that 'fpc' drops in a chunk must not affect classes that first appear in a later chunk."""
    monkeypatch.setattr("mmpretrain_imbalance.datasets.simulate_store._CHUNK", 64)
    labels = np.random.default_rng(1).integers(0, 2, (400, 4))
    labels[:390, 0] = -1  # known only at the end
    labels[:, 1] = np.arange(400) < 395  # few negatives
    labels[:, 2] = np.arange(400) > 395  # few positives
    store = label_store_from_array(labels, [""] * 400, list("abcd"))
    rows = np.arange(400)
    for num_labels in (2, 6):
        result = simulate_store.simulate_store([LabelSource(store, rows, rows, 0)], "fpc", num_labels, seed=2)
        expected = simulate_partial_labels(labels, "fpc", seed=2, num_labels=num_labels)
        np.testing.assert_array_equal([result.dense(row) for row in rows], expected)


@each_protocol
def test_a_subset_of_the_simulated_dataset_has_the_same_labels(protocol):
    dataset = simulate(MultiDigits(num_images=30), protocol)
    chosen = [7, 2, 29, 7]
    for subset in (
        dataset.get_subset(chosen),
        simulate(MultiDigits(num_images=30), protocol, indices=chosen),
    ):
        np.testing.assert_array_equal(subset.get_gt_labels(), dataset.get_gt_labels()[chosen])
        assert [subset.get_data_info(index)["sample_idx"] for index in range(4)] == chosen


@pytest.mark.parametrize("protocol", [name for name in AMOUNTS if name != "fpc"])
@pytest.mark.parametrize("subset", [lambda dataset, chosen: dataset.get_subset(chosen), Subset])
def test_simulating_a_subset_gives_the_same_labels(protocol, subset):
    digits, chosen = MultiDigits(num_images=30), [7, 2, 29, 7]
    np.testing.assert_array_equal(
        simulate(subset(digits, chosen), protocol).get_gt_labels(),
        simulate(digits, protocol).get_gt_labels()[chosen],
    )


@each_protocol
def test_repeats_of_a_sample_have_the_same_labels(protocol):
    digits = MultiDigits(num_images=30)
    repeated = simulate(RepeatDataset(digits, 2), protocol).get_gt_labels()
    np.testing.assert_array_equal(repeated[:30], repeated[30:])
    np.testing.assert_array_equal(repeated[:30], simulate(digits, protocol).get_gt_labels())


def test_labels_of_a_dataset_do_not_depend_on_datasets_without_samples():
    parts = ConcatDataset([MultiDigits(num_images=30, seed=seed) for seed in (0, 1, 2)])
    everything = simulate(parts).get_gt_labels()
    for chosen in (range(30, 90), range(60, 90), [80, 2]):
        np.testing.assert_array_equal(
            simulate(Subset(parts, chosen)).get_gt_labels(), everything[list(chosen)]
        )


def test_repeated_simulations_are_independent():
    digits = MultiDigits(num_images=2000)
    dropped = simulate(digits, "drop_positives", probability=0.3)
    lost = (digits.get_gt_labels() == 1) & (dropped.get_gt_labels() == 0)
    hidden = simulate(dropped, probability=0.3).get_gt_labels() == -1
    assert hidden[lost].mean() == pytest.approx(0.3, abs=0.05)
    once = simulate(digits, probability=0.3)
    twice = simulate(Subset(once, range(1000)), probability=0.3)
    assert (twice.get_gt_labels() == -1).mean() == pytest.approx(0.51, abs=0.01)
    thrice = simulate(twice, probability=0.3)
    assert (thrice.get_gt_labels() == -1).mean() == pytest.approx(1 - 0.7**3, abs=0.01)
    np.testing.assert_array_equal(
        twice.get_gt_labels(), simulate(once, probability=0.3).get_gt_labels()[:1000]
    )


def test_concatenated_datasets_have_independent_labels():
    labels = simulate(ConcatDataset([MultiDigits(num_images=30), MultiDigits(num_images=30)])).get_gt_labels()
    assert (labels[:30] != labels[30:]).any()


def test_epochs_workers_and_copies_agree():
    dataset = simulate(MultiDigits(num_images=12, pipeline=PIPELINE))
    expected = torch.tensor(dataset.get_gt_labels(), dtype=torch.float32)
    for candidate in (
        dataset,
        pickle.loads(pickle.dumps(dataset)),
        simulate(MultiDigits(num_images=12, pipeline=PIPELINE)),
    ):
        for num_workers in (0, 2):
            loader = DataLoader(candidate, 5, num_workers=num_workers, collate_fn=pseudo_collate)
            for _ in range(2):
                found = [sample.gt_score for batch in loader for sample in batch["data_samples"]]
                torch.testing.assert_close(torch.stack(found), expected)


@each_protocol
@pytest.mark.parametrize("ending", ["json", "csv"])
def test_the_saved_annotation_file_has_the_same_labels(tmp_path, protocol, ending):
    path = tmp_path / "annotations" / f"simulated.{ending}"
    dataset = simulate(MultiDigits(num_images=25), protocol, save_to=str(path), indices=[3, 1, 20, 8])
    back = PartialLabelDataset(str(path))
    np.testing.assert_array_equal(back.get_gt_labels(), dataset.get_gt_labels())
    assert back.metainfo["classes"] == dataset.metainfo["classes"]


@pytest.fixture
def multi_label(tmp_path):
    """Config of MMPretrain's multi-label dataset with images; the third sample has a difficult object."""
    samples = []
    for number, labels in enumerate([[0, 2], [1], [0, 1]]):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((8, 8, 3), number, np.uint8))
        samples.append(
            dict(img_path=f"{number}.png", gt_label=labels, gt_label_difficult=[2] if number == 2 else [])
        )
    metainfo = dict(classes=("cat", "dog", "elk"))
    (tmp_path / "multi_label.json").write_text(json.dumps(dict(metainfo=metainfo, data_list=samples)))
    return dict(
        type="MultiLabelDataset",
        ann_file="multi_label.json",
        metainfo=metainfo,
        data_root=str(tmp_path),
        data_prefix=str(tmp_path),
    )


def test_a_dataset_of_mmpretrain_keeps_its_pipeline(multi_label):
    pipeline = [dict(type="LoadImageFromFile"), dict(type="PackInputs")]
    config = dict(
        type="SimulatePartialLabels",
        dataset=dict(**multi_label, pipeline=pipeline),
        protocol="single_positive",
    )
    dataset = DATASETS.build(config)
    np.testing.assert_array_equal((dataset.get_gt_labels() == 1).sum(axis=1), 1)
    for index, item in enumerate(dataset):
        assert item["inputs"].unique().item() == index
        np.testing.assert_array_equal(item["data_samples"].gt_score, dataset.get_gt_labels()[index])
        assert "gt_label" not in item["data_samples"]
    assert isinstance(dataset.dataset, MultiLabelDataset)


def test_difficult_objects_are_unknown_before_and_after(multi_label):
    pipeline = [
        dict(type="LoadImageFromFile"),
        dict(type="DifficultAsUnknown", num_classes=3),
        dict(type="PackInputs"),
    ]
    wrapped = DATASETS.build(dict(**multi_label, pipeline=pipeline))
    np.testing.assert_array_equal(wrapped[2]["data_samples"].gt_score, [1, 1, -1])
    np.testing.assert_array_equal(label_counts(wrapped).unknown, [0, 0, 1])
    dataset = simulate(wrapped, "n_per_image")
    np.testing.assert_array_equal(dataset[2]["data_samples"].gt_score, [1, 1, -1])
    single = simulate(wrapped, "single_positive")
    np.testing.assert_array_equal(single[2]["data_samples"].gt_score, single.get_gt_labels()[2])


def test_sparse_and_dense_labels_are_equal():
    pipeline = [dict(type="PackPartialInputs")]
    dataset = simulate(MultiDigits(num_images=9, label_format="sparse", pipeline=pipeline))
    assert dataset.label_format == "sparse"
    for item, labels in zip(dataset, dataset.get_gt_labels()):
        sample = item["data_samples"]
        found = np.full(sample.num_classes, sample.default_label)
        found[sample.gt_label_indices] = sample.gt_label_values
        np.testing.assert_array_equal(found, labels)
    assert "gt_score" in simulate(
        MultiDigits(num_images=9, label_format="sparse"), label_format="dense"
    ).get_data_info(0)
    with pytest.raises(ValueError, match=r"of SimulatePartialLabels must end with PackPartialInputs"):
        simulate(MultiDigits(num_images=9, pipeline=PIPELINE), label_format="sparse")


def test_lazy_simulation_starts_with_the_first_use():
    lazy = simulate(MultiDigits(num_images=9, lazy_init=True), lazy_init=True)
    assert not lazy._fully_initialized
    np.testing.assert_array_equal(lazy.get_gt_labels(), simulate(MultiDigits(num_images=9)).get_gt_labels())


@pytest.mark.parametrize(
    ("protocol", "arguments", "message"),
    [
        ("all", {}, "'protocol' argument of SimulatePartialLabels must be one of"),
        ("rps", {}, "'probability' argument of SimulatePartialLabels must be a number from 0 to 1"),
        (
            "single_positive",
            {"seed": None},
            "'seed' argument of SimulatePartialLabels must be an integer",
        ),
        (
            "fpc",
            {"num_labels": 3, "probability": 0.5},
            "'probability' argument .* must be left out for the protocol 'fpc'",
        ),
    ],
)
def test_invalid_arguments_raise(protocol, arguments, message):
    with pytest.raises(ValueError, match=message):
        SimulatePartialLabels(MultiDigits(num_images=5), protocol, **arguments)


def test_datasets_without_readable_labels_raise():
    with pytest.raises(TypeError, match=r"Got TensorDataset instead"):
        simulate(TensorDataset(torch.zeros(3)))


def test_repr():
    assert "rps 0.4, seed 7" in repr(simulate(MultiDigits(num_images=5), seed=7))


class Captioned(MultiDigits):
    """A dataset with an additional key in each sample."""

    def get_data_info(self, idx):
        return {**super().get_data_info(idx), "caption": f"image {idx}"}


def test_other_keys_of_a_sample_are_kept_and_its_labels_replaced():
    captioned = Captioned(num_images=5, label_format="sparse", pipeline=[dict(type="PackPartialInputs")])
    info = simulate(captioned, label_format="dense").get_data_info(3)
    assert info["caption"] == "image 3"
    assert not {"gt_label_indices", "gt_label_values", "num_classes", "default_label"} & set(info)
    for label_format in ("dense", "sparse"):
        labels = MultiDigits(num_images=5, label_format=label_format).label_info(0)
        assert set(labels) <= set(LABEL_KEYS)
