"""Dataset of stored features: batches equal single samples, also through wrappers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS
from torch.utils.data import ConcatDataset, DataLoader, Subset

from mmpretrain_imbalance.datasets import (
    ClassAwareSampler,
    FeatureDataset,
    MergedPartialLabels,
    SimulatePartialLabels,
    dataset_label_store,
    label_counts,
)
from mmpretrain_imbalance.models import PartialLabelDataPreprocessor
from tests.datasets.stored_features import CLASSES, draw, write_store

FEATURES, LABELS = draw(12, "float16")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_store(tmp_path_factory.mktemp("features") / "train", FEATURES, LABELS)


def assert_same(batch: list[dict], samples: list[dict]) -> None:
    assert len(batch) == len(samples)
    for found, expected in zip(batch, samples):
        assert found["inputs"].dtype == expected["inputs"].dtype
        assert torch.equal(found["inputs"], expected["inputs"])
        ours, theirs = found["data_samples"], expected["data_samples"]
        assert ours.metainfo == theirs.metainfo
        assert set(ours.keys()) == set(theirs.keys())
        for name in theirs.keys():
            assert getattr(ours, name).dtype == getattr(theirs, name).dtype
            assert torch.equal(getattr(ours, name), getattr(theirs, name))


@pytest.mark.parametrize("label_format", ["sparse", "dense"])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda dataset: dataset,
        lambda dataset: dataset.get_subset([7, 2, 5, 1]),
        lambda dataset: Subset(dataset, [7, 2, 5, 1]),
        lambda dataset: SimulatePartialLabels(dataset, "rps", probability=0.5),
        lambda dataset: SimulatePartialLabels(Subset(dataset, [7, 2, 5, 1]), "single_positive"),
        lambda dataset: SimulatePartialLabels(
            SimulatePartialLabels(dataset, "rps", probability=0.5), "rps", probability=0.5, seed=1
        ),
        lambda dataset: SimulatePartialLabels(ConcatDataset([dataset, dataset]), "rps", probability=0.5),
        lambda dataset: MergedPartialLabels([dict(name="a", dataset=dataset)]),
    ],
)
def test_a_batch_equals_single_samples(folder: Path, wrap, label_format: str) -> None:
    dataset = wrap(FeatureDataset(str(folder), label_format=label_format))
    indices = [3, 0, 1, 3]
    assert_same(dataset.__getitems__(indices), [dataset[index] for index in indices])


def test_sample_has_features_and_labels_of_its_row(folder: Path) -> None:
    dataset = FeatureDataset("train", data_root=str(folder.parent))
    item = dataset[4]
    np.testing.assert_array_equal(item["inputs"].numpy(), FEATURES[4])
    sample = item["data_samples"]
    assert (sample.sample_idx, sample.num_classes, sample.default_label) == (4, 3, -1)
    assert "4.jpg" == dataset.image_path(4)
    np.testing.assert_array_equal(dataset.get_gt_labels(), LABELS)
    assert dataset.metainfo["classes"] == tuple(CLASSES)
    assert dataset.get_data_info(4)["features"].flags.writeable


@pytest.mark.parametrize("wrap", [False, True])
def test_a_batch_is_read_at_once(folder: Path, wrap: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = FeatureDataset(str(folder))
    if wrap:
        dataset = Subset(SimulatePartialLabels(dataset, "rps", probability=0.5), [5, 4, 3, 2])
    monkeypatch.setattr(FeatureDataset, "get_data_info", None)  # single samples cannot be read
    (batch,) = DataLoader(dataset, batch_size=12, collate_fn=default_collate)
    np.testing.assert_array_equal(batch["inputs"].numpy(), FEATURES[[5, 4, 3, 2]] if wrap else FEATURES)


def test_another_pipeline_gets_single_samples(folder: Path) -> None:
    dataset = FeatureDataset(str(folder), pipeline=[])
    assert [item["sample_idx"] for item in dataset.__getitems__([2, 1])] == [2, 1]


@pytest.mark.parametrize("default_label", [0, -1])
@pytest.mark.parametrize("label_format", ["sparse", "dense"])
def test_preprocessor_gets_the_labels(tmp_path: Path, default_label: int, label_format: str) -> None:
    write_store(tmp_path / "train", FEATURES, LABELS, default_label)
    dataset = FeatureDataset(str(tmp_path / "train"), label_format=label_format)
    batch = default_collate(dataset.__getitems__(range(12)))
    batch = PartialLabelDataPreprocessor(num_classes=3)(batch, training=False)
    scores = torch.stack([sample.gt_score for sample in batch["data_samples"]])
    np.testing.assert_array_equal(scores.numpy(), LABELS)
    np.testing.assert_array_equal(batch["inputs"].numpy(), FEATURES.astype(np.float32))


def test_counts_samplers_and_filters(folder: Path) -> None:
    dataset = FeatureDataset(str(folder), filter_cfg=dict(min_positives=1))
    kept = (LABELS == 1).any(axis=1)
    np.testing.assert_array_equal(dataset.rows, np.flatnonzero(kept))
    counts = label_counts(dataset)
    np.testing.assert_array_equal(counts.positives, (LABELS[kept] == 1).sum(axis=0))
    np.testing.assert_array_equal(counts.unknown, (LABELS[kept] == -1).sum(axis=0))
    assert set(ClassAwareSampler(dataset, seed=0)) <= set(range(kept.sum()))
    assert dataset_label_store(dataset).image_name(0) == f"{np.flatnonzero(kept)[0]}.jpg"
    two = FeatureDataset(str(folder), metainfo=dict(classes=["elk", "cat"]))
    np.testing.assert_array_equal(two.get_gt_labels(), LABELS[:, [2, 0]])


def test_config_with_a_simulation_and_a_subset(folder: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", np.array([3, 8]))
    simulated = dict(
        type="SimulatePartialLabels",
        protocol="rps",
        probability=0.0,
        dataset=dict(type="FeatureDataset", ann_file=str(folder)),
    )
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        subset = DATASETS.build(
            dict(type="DatasetSubset", dataset=simulated, indices=str(tmp_path / "rows.npy"))
        )
    assert [item["data_samples"].sample_idx for item in subset.__getitems__([1, 0])] == [8, 3]


def test_missing_store(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="must be a feature store"):
        FeatureDataset(str(tmp_path / "absent"))
    FeatureDataset(str(tmp_path / "absent"), lazy_init=True)
