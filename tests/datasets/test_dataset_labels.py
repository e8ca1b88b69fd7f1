"""Label counts of nested wrappers, compared with plain loops over the samples."""

from __future__ import annotations

import json

import numpy as np
import pytest
from mmengine.dataset import ClassBalancedDataset, ConcatDataset, RepeatDataset
from mmpretrain.datasets import KFoldDataset, MultiLabelDataset
from torch.utils.data import ConcatDataset as TorchConcatDataset
from torch.utils.data import Subset, TensorDataset

from mmpretrain_imbalance.datasets import (
    LabelCounts,
    MultiDigits,
    PartialLabelDataset,
    SimulatePartialLabels,
    dataset_label_store,
    label_counts,
)
from tests.datasets.label_table import LabelTable


@pytest.fixture
def partial(tmp_path):
    return partial_dataset(tmp_path, num_classes=3)


def partial_dataset(folder, num_classes, seed=0):
    labels = np.random.default_rng(seed).integers(-1, 2, (12, num_classes)).tolist()
    samples = [dict(img_path=f"{number}.jpg", gt_score=row) for number, row in enumerate(labels)]
    path = folder / f"partial{num_classes}.json"
    metainfo = dict(classes=[f"class {c}" for c in range(num_classes)])
    path.write_text(json.dumps(dict(metainfo=metainfo, data_list=samples)))
    return PartialLabelDataset(str(path))


@pytest.fixture
def multi_label(tmp_path):
    """MMPretrain's multi-label dataset, in which the third sample has a full score vector."""
    samples = [
        dict(img_path="a", gt_label=[0, 2]),
        dict(img_path="b", gt_label=[]),
        dict(img_path="c", gt_score=[1, -1, 0]),
    ]
    path = tmp_path / "multi_label.json"
    path.write_text(
        json.dumps(dict(metainfo=dict(classes=[f"class {c}" for c in range(3)]), data_list=samples))
    )
    return MultiLabelDataset(str(path), metainfo=dict(classes=tuple(f"class {c}" for c in range(3))))


def counts_by_loop(dataset, indices):
    """Count the labels of these samples one by one."""
    totals = np.zeros((3, 3), dtype=int)
    for index in indices:
        info = dataset.get_data_info(index)
        score = info.get("gt_score")
        if score is None:
            score = np.isin(np.arange(3), info["gt_label"]).astype(int)
        for class_index, label in enumerate(score):
            totals[class_index, int(label)] += 1
    return LabelCounts(totals[:, 1], totals[:, 0], totals[:, -1])


def kfold(dataset, test_mode):
    """Wrap a built dataset, for which the constructor of MMPretrain's KFoldDataset fails."""
    wrapper = KFoldDataset.__new__(KFoldDataset)
    wrapper.dataset, wrapper._metainfo, wrapper._fully_initialized = dataset, dataset.metainfo, False
    wrapper.fold, wrapper.num_splits, wrapper.test_mode, wrapper.seed = 1, 3, test_mode, 5
    return wrapper


def test_counts_of_plain_datasets(partial, multi_label):
    assert label_counts(partial) == counts_by_loop(partial, range(12))
    assert label_counts(multi_label) == LabelCounts([2, 0, 1], [1, 2, 2], [0, 1, 0])


WRAPPERS = {
    "concat": lambda a, b: ConcatDataset([a, b]),
    "torch concat": lambda a, b: TorchConcatDataset([b, a, b]),
    "repeat": lambda a, b: RepeatDataset(a, 3),
    "class balanced": lambda a, b: ClassBalancedDataset(a, 0.9),
    "class balanced subset": lambda a, b: ClassBalancedDataset(a.get_subset([3, 5, 5]), 0.9),
    "subset": lambda a, b: Subset(a, [3, 3, 0]),
    "subset of concat": lambda a, b: Subset(ConcatDataset([a, b]), [0, 13, 2, 14, 13]),
    "subset of subset": lambda a, b: Subset(Subset(a, [5, 4, 3]), [2, 2, 0]),
    "concat of repeats": lambda a, b: TorchConcatDataset(
        [RepeatDataset(a, 2), RepeatDataset(b, 3), Subset(b, [1])]
    ),
    "repeat of a subset of the dataset": lambda a, b: RepeatDataset(a.get_subset([7, 1]), 2),
    "simulated": lambda a, b: SimulatePartialLabels(ConcatDataset([a, b]), "rps", probability=0.5),
    "repeat of simulated": lambda a, b: RepeatDataset(SimulatePartialLabels(a, "fpc", num_labels=2), 2),
    "simulated repeat": lambda a, b: SimulatePartialLabels(RepeatDataset(a, 2), "rps", probability=0.5),
    "balanced simulated": lambda a, b: ClassBalancedDataset(SimulatePartialLabels(a, "single_positive"), 0.9),
    "simulated subset": lambda a, b: SimulatePartialLabels(Subset(a, [9, 9, 1]), "n_per_image", num_labels=1),
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_counts_through_wrappers_are_those_of_a_plain_loop(partial, multi_label, name):
    nest = WRAPPERS[name](partial, multi_label)
    infos = _Samples(nest)
    assert label_counts(nest) == counts_by_loop(infos, range(len(nest)))


@pytest.mark.parametrize("name", WRAPPERS)
def test_store_through_wrappers_has_the_labels_of_every_sample(partial, multi_label, name):
    nest = WRAPPERS[name](partial, multi_label)
    store, infos = dataset_label_store(nest), _Samples(nest)
    assert (len(store), store.class_names) == (len(nest), partial.metainfo["classes"])
    for index in range(len(nest)):
        info = infos.get_data_info(index)
        labels = info.get("gt_score")
        if labels is None:
            labels = np.isin(np.arange(3), info["gt_label"])
        np.testing.assert_array_equal(store.dense(index), labels)
        assert info["img_path"] == store.image_name(index)
    store.verify()


def test_the_store_of_a_whole_dataset_is_not_copied(partial):
    assert dataset_label_store(partial) is partial.label_store
    assert dataset_label_store(partial.get_subset([1])) is not partial.label_store


@pytest.mark.parametrize("test_mode", [False, True])
@pytest.mark.parametrize("simulated", [False, True])
def test_counts_of_a_fold(partial, test_mode, simulated):
    dataset = SimulatePartialLabels(partial, "rps", probability=0.3) if simulated else partial
    fold = kfold(dataset, test_mode)
    assert label_counts(fold) == counts_by_loop(dataset, fold._ori_indices)


def test_counts_of_a_fold_from_a_config(tmp_path):
    config = dict(type="MultiDigits", num_images=30)
    folds = [label_counts(KFoldDataset(config, fold=fold, num_splits=3, test_mode=True)) for fold in range(3)]
    assert folds[0] + folds[1] + folds[2] == label_counts(MultiDigits(num_images=30))


class _Samples:
    """``get_data_info`` of nested wrappers, including PyTorch's wrappers, which do not have this method."""

    def __init__(self, dataset):
        self.dataset = dataset

    def get_data_info(self, index):
        dataset = self.dataset
        while not hasattr(dataset, "get_data_info"):
            if isinstance(dataset, Subset):
                dataset, index = dataset.dataset, dataset.indices[index]
            else:
                for part in dataset.datasets:
                    if index < len(part):
                        dataset = part
                        break
                    index -= len(part)
        return dataset.get_data_info(index)


def test_no_image_is_loaded(partial, monkeypatch):
    monkeypatch.setattr(PartialLabelDataset, "prepare_data", lambda *_: pytest.fail("an image was loaded"))
    label_counts(TorchConcatDataset([partial, RepeatDataset(partial, 2)]))


def test_lazy_datasets_are_loaded():
    lazy = MultiDigits(num_images=20, lazy_init=True)
    expected = label_counts(MultiDigits(num_images=20))
    assert label_counts(RepeatDataset(lazy, 2, lazy_init=True)) == expected * 2


def test_datasets_with_different_classes_raise(partial, tmp_path):
    other = partial_dataset(tmp_path, num_classes=4)
    with pytest.raises(ValueError, match=r"must have the same class list. Got datasets with 3 and 4 classes"):
        label_counts(TorchConcatDataset([partial, other]))


def test_datasets_with_classes_in_another_order_raise():
    parts = [LabelTable([[1, 0]], classes) for classes in (("cat", "dog"), ("dog", "cat"))]
    nest = TorchConcatDataset(parts)
    with pytest.raises(
        ValueError, match=r"of label_counts must have the same class list. Got class 0 'cat' in one"
    ):
        label_counts(nest)
    with pytest.raises(
        ValueError, match=r"of SimulatePartialLabels must have the same class list. .* 'dog' in an"
    ):
        SimulatePartialLabels(nest, "single_positive")


def test_unsupported_datasets_raise():
    for dataset in (TensorDataset(), Subset([1, 2], [0]), [1, 2]):
        with pytest.raises(
            TypeError, match=r"'dataset' argument of label_counts .* Got (TensorDataset|list) instead"
        ):
            label_counts(dataset)


@pytest.mark.parametrize(
    ("sample", "error", "message"),
    [
        (
            dict(gt_label=[3]),
            ValueError,
            r"'gt_label' must be class indices from 0 to 2. Got \[3\] at sample 0 of MultiLabel",
        ),
        (dict(gt_score=[1, 0]), ValueError, r"'gt_score' must be of shape \(3,\). Got \(2,\) at sample 0"),
        (
            dict(gt_score=[1, 0, 0.3]),
            ValueError,
            "Got 0.3 at sample 0 of MultiLabelDataset, class 2, instead",
        ),
        (dict(), TypeError, "Got neither at sample 0 of MultiLabelDataset instead"),
    ],
)
def test_wrong_labels_of_an_mmpretrain_dataset_are_named(multi_label, tmp_path, sample, error, message):
    (tmp_path / "wrong.json").write_text(
        json.dumps(dict(metainfo={}, data_list=[dict(img_path="a", **sample)]))
    )
    dataset = MultiLabelDataset(str(tmp_path / "wrong.json"), metainfo=multi_label.metainfo)
    with pytest.raises(error, match=message):
        label_counts(dataset)


def test_an_mmpretrain_dataset_without_class_names_raises(tmp_path):
    (tmp_path / "bare.json").write_text(
        json.dumps(dict(metainfo={}, data_list=[dict(img_path="a", gt_label=[0])]))
    )
    with pytest.raises(TypeError, match=r"'metainfo' of MultiLabelDataset must have 'classes'"):
        label_counts(MultiLabelDataset(str(tmp_path / "bare.json")))


def test_single_label_datasets_have_one_positive_per_image(tmp_path):
    samples = [dict(img_path="a", gt_label=label) for label in (2, 0, 2)]
    (tmp_path / "single.json").write_text(json.dumps(dict(metainfo={}, data_list=samples)))
    dataset = MultiLabelDataset(str(tmp_path / "single.json"), metainfo=dict(classes=("a", "b", "c")))
    assert label_counts(dataset) == LabelCounts([1, 0, 2], [2, 3, 1], [0, 0, 0])
