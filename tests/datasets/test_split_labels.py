"""Splits and folds of label stores, counted again with NumPy and compared with random splits."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from iterstrat.ml_stratifiers import MultilabelStratifiedKFold

from mmpretrain_imbalance.datasets import (
    fold_labels,
    label_store_from_array,
    split_labels,
)
from tests.datasets.label_table import long_tailed_table

TWO = dict(train=0.8, val=0.2)
THREE = dict(train=0.8, val=0.1, test=0.1)


def store_of(table, names=None, default_label: int = -1):
    names = names or [f"{row}.jpg" for row in range(len(table))]
    return label_store_from_array(table, names, [f"c{c}" for c in range(len(table[0]))], default_label)


def measurable(table, rows) -> int:
    """Count the classes with a known positive and a known negative in the rows, by plain loops."""
    table = np.asarray(table)
    return sum({0, 1} <= {int(table[row, c]) for row in rows} for c in range(table.shape[1]))


def rare_table(num_images: int, num_classes: int, seed: int) -> np.ndarray:
    """Return labels of which 60 % are known, and whose rarest classes have about 3 positives."""
    rng = np.random.default_rng(seed)
    counts = np.geomspace(num_images / 3, 5, num_classes)
    table = (rng.random((num_images, num_classes)) < counts / num_images).astype(int)
    table[rng.random(table.shape) < 0.4] = -1
    return table


@pytest.mark.parametrize("fractions", [TWO, THREE], ids=len)
@pytest.mark.parametrize("default_label", [-1, 0])
def test_every_row_is_in_one_part_and_the_counts_are_right(fractions, default_label) -> None:
    table = long_tailed_table(300)
    split = split_labels(store_of(table, default_label=default_label), fractions, seed=3)
    assert sorted(np.concatenate(list(split.rows.values())).tolist()) == list(range(300))
    for part, rows in split.rows.items():
        assert abs(len(rows) - fractions[part] * 300) <= 6
        assert (np.diff(rows) > 0).all()
        np.testing.assert_array_equal(split.counts[part].positives, (table[rows] == 1).sum(axis=0))
        np.testing.assert_array_equal(split.counts[part].negatives, (table[rows] == 0).sum(axis=0))
        np.testing.assert_array_equal(split.counts[part].unknown, (table[rows] == -1).sum(axis=0))


@pytest.mark.parametrize("fractions", [TWO, THREE], ids=len)
def test_every_class_with_enough_labels_is_measurable_unlike_in_random_splits(fractions) -> None:
    by_chance, stratified, deviation_by_chance, deviation = 0, 0, [], []
    for seed in range(5):
        table = rare_table(400, 20, seed)
        enough = ((table == 1).sum(axis=0) >= len(fractions)) & ((table == 0).sum(axis=0) >= len(fractions))
        split = split_labels(store_of(table), fractions, seed=seed)
        rows = split.rows["val"]
        random_rows = np.random.default_rng(seed).permutation(400)[: len(rows)]
        for part in set(fractions) - {"train"}:
            has_both = [{0, 1} <= set(table[split.rows[part], c].tolist()) for c in np.flatnonzero(enough)]
            assert all(has_both)
        stratified += measurable(table, rows)
        by_chance += measurable(table, random_rows)
        positives = (table == 1).sum(axis=0)
        for found, chosen in ((deviation, rows), (deviation_by_chance, random_rows)):
            found += np.abs((table[chosen] == 1).sum(axis=0) / positives - fractions["val"])[
                positives >= 10
            ].tolist()
    assert stratified > by_chance + 5
    assert np.mean(deviation) < np.mean(deviation_by_chance) / 2


def test_known_negatives_are_stratified_too() -> None:
    """All images have the positive label, and only 6 of them a negative label of the other class."""
    table = np.full((60, 2), -1)
    table[:, 0] = 1
    table[:6, 1] = 0
    table[6:, 1] = 1
    for seed in range(5):
        split = split_labels(store_of(table), dict(train=0.5, val=0.5), seed=seed)
        assert (table[split.rows["val"], 1] == 0).sum() == 3


def test_classes_that_cannot_be_measured_have_a_reason() -> None:
    table = np.zeros((40, 4), dtype=int)
    table[:20, 0] = 1
    table[0, 1] = 1
    table[:, 3] = -1
    table[:10, 3] = 1
    split = split_labels(store_of(table), TWO)
    found = {(item.class_name, item.part): item for item in split.unmeasurable}
    assert {key: item.reason for key, item in found.items()} == {
        ("c1", "val"): "the class has only 1 known positive",
        ("c2", "val"): "the class has no known positive",
        ("c3", "val"): "the class has no known negative",
    }
    rows = split.rows["val"]
    assert (found["c3", "val"].positives, found["c3", "val"].negatives) == ((table[rows, 3] == 1).sum(), 0)
    # The part named train is not measured; a part of any other name is.
    split = split_labels(store_of(table), dict(a=0.5, train=0.5))
    assert {item.part for item in split.unmeasurable} == {"a"}


def test_no_group_is_in_two_parts() -> None:
    table = rare_table(400, 8, seed=1)
    rng = np.random.default_rng(0)
    groups = [f"patient {number}" for number in rng.integers(0, 60, 400)]
    for seed in range(3):
        split = split_labels(store_of(table), THREE, groups=groups, seed=seed)
        of_part = [{groups[row] for row in rows} for rows in split.rows.values()]
        assert sum(map(len, of_part)) == len(set(groups))
        folds = fold_labels(store_of(table), 4, groups=groups, seed=seed)
        assert all(len(set(folds[np.array(groups) == name])) == 1 for name in groups)
    # All positives of a class are in one group, which cannot be in both parts.
    table = np.zeros((20, 1), dtype=int)
    table[:4] = 1
    split = split_labels(store_of(table), TWO, groups=["a"] * 4 + list(range(16)))
    assert [item.reason for item in split.unmeasurable] == ["all 4 known positives are in 1 group"]


def test_rows_without_a_group_stay_alone_and_rows_of_one_image_stay_together() -> None:
    table = np.array([[1], [0]] * 30)
    names = [f"{row // 2}.jpg" if row < 40 else f"./{row // 2}.jpg" for row in range(60)]
    split = split_labels(store_of(table, names), TWO, groups=[None, "", float("nan")] * 20)
    of_part = [{row // 2 for row in rows} for rows in split.rows.values()]
    assert sum(map(len, of_part)) == 30
    assert len(of_part[1]) == 6


def test_the_seed_determines_the_split() -> None:
    store = store_of(rare_table(200, 10, seed=0))
    first, again, other = (split_labels(store, TWO, seed=seed).rows["val"].tolist() for seed in (5, 5, 6))
    assert first == again != other
    assert fold_labels(store, 5, seed=5).tolist() == fold_labels(store, 5, seed=5).tolist()


def test_folds_are_as_equal_and_as_balanced_as_those_of_the_package() -> None:
    ranges = {"ours": [], "package": [], "random": []}
    for seed in range(8):
        table = rare_table(300, 12, seed)
        columns = np.concatenate([table == 1, table == 0], axis=1)
        package = np.empty(300, dtype=int)
        folds = MultilabelStratifiedKFold(5, shuffle=True, random_state=seed).split(table, columns)
        for fold, (_, rows) in enumerate(folds):
            package[rows] = fold
        for name, of_row in (
            ("ours", fold_labels(store_of(table), 5, seed=seed)),
            ("package", package),
            ("random", np.random.default_rng(seed).integers(0, 5, 300)),
        ):
            counted = [[(of_row == fold).sum(), *columns[of_row == fold].sum(axis=0)] for fold in range(5)]
            ranges[name].append(np.ptp(counted, axis=0))
    sizes, of_columns = (
        {name: float(np.mean(np.array(found)[:, part])) for name, found in ranges.items()}
        for part in (slice(0, 1), slice(1, None))
    )
    for found in (sizes, of_columns):
        assert found["ours"] <= 1.2 * found["package"]
        assert found["ours"] <= 0.5 * found["random"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(fractions=dict(train=1.0)), r"must be at least two positive numbers whose sum is 1. Got"),
        (dict(fractions=dict(train=0.8, val=0.3)), r"whose sum is 1. Got {'train': 0.8, 'val': 0.3} instead"),
        (dict(fractions=dict(train=1, val=0)), r"'fractions' argument of split_labels must be at least two"),
        (
            dict(fractions=dict(train=1.5, val=-0.5)),
            r"'fractions\['train'\]' argument .* from 0 to 1. Got 1.5",
        ),
        (dict(groups=["a"]), r"'groups' argument .* one value for each of the 10 rows .* Got 1 instead"),
        (dict(groups=["a"] * 10), r"at least 2 groups of images, one per part. Got 1 instead"),
        (
            dict(fractions=dict(train=0.99, val=0.01)),
            r"Got no image for part 'val' with the fraction 0.01 instead",
        ),
    ],
)
def test_wrong_arguments_raise(arguments, message) -> None:
    store = store_of(np.full((10, 2), -1))
    with pytest.raises(ValueError, match=message):
        split_labels(**{**dict(labels=store, fractions=TWO), **arguments})
    with pytest.raises(
        ValueError, match="'num_folds' argument of fold_labels must be an integer of at least 2"
    ):
        fold_labels(store, 1)
    with pytest.raises(ValueError, match=r"at least 11 images, one per part. Got 10 instead"):
        fold_labels(store, 11)


def test_without_the_package_the_error_names_the_extra(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "iterstrat.ml_stratifiers", None)
    with pytest.raises(ImportError, match=r"iterative-stratification must be installed .*\[tables\]"):
        split_labels(store_of([[1], [0]]), TWO)
