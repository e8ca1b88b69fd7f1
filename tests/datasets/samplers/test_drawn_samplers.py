"""Tests of all samplers: epochs, ranks, seeds and wrappers."""

from __future__ import annotations

from collections import Counter
from importlib import import_module

import numpy as np
import pytest
from mmengine.dataset import ClassBalancedDataset, RepeatDataset
from mmpretrain.datasets import KFoldDataset
from mmpretrain.registry import DATA_SAMPLERS
from torch.utils.data import ConcatDataset, Subset

from mmpretrain_imbalance.datasets import (
    SimulatePartialLabels,
    label_chunks,
    label_counts,
    label_store_from_array,
)
from mmpretrain_imbalance.datasets.partial_label_dataset import PartialLabelDataset
from mmpretrain_imbalance.datasets.samplers import base as drawn_sampler_module
from tests.datasets.label_table import LabelTable, long_tailed_table
from tests.datasets.samplers.rank_samples import SAMPLERS

# Not by attribute, because the package exports a function with that name.
label_chunks_module = import_module("mmpretrain_imbalance.datasets.dataset_labels")
every_sampler = pytest.mark.parametrize("config", SAMPLERS.values(), ids=SAMPLERS.keys())


def build(config, dataset, **kwargs):
    return DATA_SAMPLERS.build({**config, **kwargs}, default_args=dict(dataset=dataset, seed=3))


def of_rank(monkeypatch, rank, world_size):
    monkeypatch.setattr(drawn_sampler_module, "get_dist_info", lambda: (rank, world_size))


@pytest.fixture
def dataset():
    return LabelTable(long_tailed_table())


@every_sampler
def test_epoch_depends_only_on_seed_and_number(config, dataset) -> None:
    first, second = build(config, dataset), build(config, dataset)
    epochs = []
    for epoch in range(4):
        first.set_epoch(epoch)
        epochs.append(list(first))
        assert len(epochs[-1]) == len(first)
    assert epochs[0] != epochs[1]
    second.set_epoch(2)  # as in a run that is resumed after two epochs
    assert list(second) == epochs[2] == list(second)
    other = build(config, dataset, seed=4)
    other.set_epoch(2)
    assert list(other) != epochs[2]


@every_sampler
@pytest.mark.parametrize("round_up", [True, False])
@pytest.mark.parametrize("world_size", [2, 7])
def test_ranks_together_draw_the_images_of_one_process(
    monkeypatch, config, dataset, round_up, world_size
) -> None:
    alone = list(build(config, dataset))
    parts = []
    for rank in range(world_size):
        of_rank(monkeypatch, rank, world_size)
        sampler = build(config, dataset, round_up=round_up)
        parts.append(list(sampler))
        assert len(parts[-1]) == len(sampler)
    joined = [parts[index % world_size][index // world_size] for index in range(sum(map(len, parts)))]
    assert joined[: len(alone)] == alone
    extra = -len(alone) % world_size if round_up else 0
    assert joined[len(alone) :] == alone[:extra]
    assert not round_up or len(set(map(len, parts))) == 1


@every_sampler
def test_epoch_has_many_different_images(config, dataset) -> None:
    """An epoch is not a short list of images that is repeated until it has `epoch_size` images."""
    assert len(set(build(config, dataset))) > len(dataset) / 2


@every_sampler
def test_without_shuffle_the_order_is_that_of_the_dataset(config, dataset) -> None:
    shuffled, in_order = list(build(config, dataset)), list(build(config, dataset, shuffle=False))
    assert in_order == sorted(shuffled)
    assert shuffled != in_order


@every_sampler
def test_only_known_positives_count(config) -> None:
    """Changes of unknown and negative labels do not change the drawn images."""
    labels = long_tailed_table()
    others = np.where(labels == 1, 1, -1 - labels)  # 0 and -1 are exchanged
    assert list(build(config, LabelTable(labels))) == list(build(config, LabelTable(others)))
    assert list(build(config, LabelTable(labels))) == list(build(config, LabelTable(labels, default_label=0)))


@every_sampler
def test_images_without_positives_can_be_left_out(config, dataset) -> None:
    without = ~(dataset.get_gt_labels() == 1).any(axis=1)
    assert not without[list(build(config, dataset, without_positives=0))].any()
    usual, often = (without[list(build(config, dataset, without_positives=w))].mean() for w in (1, 3))
    assert 0 < usual < often


@every_sampler
def test_wrappers(tmp_path, config) -> None:
    """The drawn images are the same as for a plain dataset with the same labels."""
    labels = long_tailed_table(60)
    plain = LabelTable(labels)
    chosen = [5, 0, 5, 59, *range(20, 40)]
    balanced = ClassBalancedDataset(LabelTable(labels), oversample_thr=0.3)
    store = label_store_from_array(labels, [str(n) for n in range(60)], plain.metainfo["classes"])
    store.save(tmp_path / "store")
    of_store = dict(type="PartialLabelDataset", ann_file=str(tmp_path / "store"))
    folds = KFoldDataset(of_store, num_splits=3, fold=1, seed=1)
    nests = [
        (Subset(plain, chosen), labels[chosen]),
        (ConcatDataset([plain, RepeatDataset(plain, 2)]), np.tile(labels, (3, 1))),
        (folds, labels[folds._ori_indices]),
        (balanced, labels[balanced.repeat_indices]),
        (PartialLabelDataset(str(tmp_path / "store"), lazy_init=True), labels),  # memory-mapped
    ]
    for wrapped, labels in nests:
        assert list(build(config, wrapped)) == list(build(config, LabelTable(labels)))


def test_chunks_have_every_sample_once(monkeypatch) -> None:
    labels = long_tailed_table(90)
    monkeypatch.setattr(label_chunks_module, "_CHUNK", 50)
    wrapped = ConcatDataset([LabelTable(labels), Subset(LabelTable(labels, default_label=0), [3, 3, 80])])
    found = np.full((93, 6), 9)
    seen = Counter()
    for chunk in label_chunks(wrapped):
        seen.update(chunk.positions.tolist())
        found[chunk.positions] = chunk.default_label
        found[chunk.positions[chunk.samples], chunk.classes] = chunk.values
    assert set(seen.values()) == {1}
    np.testing.assert_array_equal(found, np.concatenate([labels, labels[[3, 3, 80]]]))


@every_sampler
def test_many_small_chunks_change_nothing(monkeypatch, config, dataset) -> None:
    expected = list(build(config, dataset))
    monkeypatch.setattr(label_chunks_module, "_CHUNK", 40)
    assert list(build(config, dataset)) == expected


def test_indices_of_a_subset_may_be_negative() -> None:
    from mmpretrain_imbalance.datasets import ClassWeightedSampler

    parts = ConcatDataset([LabelTable(long_tailed_table(seed=seed)) for seed in (0, 1)])
    subset, same = Subset(parts, [0, -1, -2]), Subset(parts, [0, len(parts) - 1, len(parts) - 2])
    assert label_counts(subset) == label_counts(same)
    weights = [ClassWeightedSampler(nest, seed=0).weights for nest in (subset, same)]
    np.testing.assert_array_equal(*weights)
    for index in (len(parts), -len(parts) - 1):
        with pytest.raises(IndexError, match=rf"'indices' argument of Subset must be .* Got {index} instead"):
            label_counts(Subset(parts, [0, index]))


def test_datasets_with_classes_in_another_order_raise() -> None:
    parts = [LabelTable([[1, 0]], classes) for classes in (("cat", "dog"), ("dog", "cat"))]
    with pytest.raises(
        ValueError, match=r"of label_chunks must have the same class list. Got class 0 'cat' in one"
    ):
        list(label_chunks(ConcatDataset(parts)))


@every_sampler
def test_simulated_labels(config) -> None:
    """Positives that the simulation hides are not used."""
    simulated = SimulatePartialLabels(LabelTable(long_tailed_table()), "rps", probability=0.5)
    assert list(build(config, simulated)) == list(build(config, LabelTable(simulated.get_gt_labels())))


@every_sampler
def test_wrong_arguments_raise(config, dataset) -> None:
    with pytest.raises(ValueError, match=r"'dataset' argument of \w+Sampler must have samples"):
        build(config, Subset(dataset, []))
    with pytest.raises(
        ValueError, match=r"'without_positives' argument of \w+Sampler must be a finite number"
    ):
        build(config, dataset, without_positives=-1)
    with pytest.raises(ValueError, match=r"'seed' argument of \w+Sampler must be an integer of at least 0"):
        build(config, dataset, seed=-2)
    negative = LabelTable(np.zeros((4, 3)))
    with pytest.raises(ValueError, match="Got no known positive and 'without_positives' 0"):
        build(config, negative, without_positives=0)
    assert sorted(build(config, negative)) == [0, 1, 2, 3]


@pytest.mark.parametrize("config", [SAMPLERS["class aware"], SAMPLERS["square root"]])
def test_size_of_an_epoch(config, dataset) -> None:
    for size in (1, 17, 1000):
        sampler = build(config, dataset, epoch_size=size)
        assert len(sampler) == len(list(sampler)) == size
    with pytest.raises(ValueError, match=r"'epoch_size' argument .* must be an integer of at least 1. Got 0"):
        build(config, dataset, epoch_size=0)


def test_repeat_factor_sampler_has_no_epoch_size_argument(dataset) -> None:
    with pytest.raises(ValueError, match=r"'epoch_size' argument of RepeatFactorSampler must not be set"):
        build(SAMPLERS["repeat factor"], dataset, epoch_size=10)
