"""Split of the images of a label store into training, validation and test parts, or into folds."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from posixpath import normpath
from typing import TYPE_CHECKING

import numpy as np

from ..utils.argument_checks import check_integer, check_number
from .label_store.counts import LabelCounts
from .label_store.store import LabelStore
from .row_groups import join_groups
from .stratify import column_counts, stratify

if TYPE_CHECKING:  # SciPy is imported where it is used, because its import takes a second
    from scipy.sparse import csr_array

_CHUNK = 2**22  # labels, or elements of a dense matrix, per step
_MAX_LABELS = 5 * 10**7  # labels of the table of units: those of frequent columns are left out beyond this


@dataclass(frozen=True)
class UnmeasurableClass:
    """Class whose average precision and F1 cannot be computed on a part.

    Attributes:
        class_name: Name of the class.
        part: Name of the part.
        positives: Number of known positives of the class in the part.
        negatives: Number of known negatives of the class in the part.
        reason: The reason, as a part of a sentence, such as ``'the class has only 1 known positive'``.
    """

    class_name: str
    part: str
    positives: int
    negatives: int
    reason: str


@dataclass(frozen=True)
class LabelSplit:
    """Result of :func:`split_labels`.

    Attributes:
        rows: Rows of the label store in each part, ascending, by the name of the part.
        counts: Labels of each part, by the name of the part.
        unmeasurable: Classes without a known positive or without a known negative in a part, for every part
            except ``'train'``.
    """

    rows: dict[str, np.ndarray]
    counts: dict[str, LabelCounts]
    unmeasurable: list[UnmeasurableClass]


def split_labels(
    labels: LabelStore,
    fractions: Mapping[str, float],
    groups: Sequence[Hashable] | None = None,
    seed: int = 0,
) -> LabelSplit:
    """Split images into parts such that every class with enough labels can be measured in every part.

    The split is an iterative stratification over the known positives and the known negatives of each class:
    each part has nearly its fraction of both. Rows of one group, and rows with the same image name, are in
    one part: a group takes part as one row, which has a label of a class if one of its rows has it.
    Groups of very different sizes therefore give parts whose numbers of images differ from the fractions.

    Args:
        labels: The labels.
        fractions: Fraction of the images in each part, such as ``dict(train=0.8, val=0.2)``. The sum must
            be 1.
        groups: Group of each row, such as the patient or the product; a row with ``None``, an empty text or
            NaN is in no group. Use :func:`join_groups` for several columns.
        seed: Seed of the split. The same seed gives the same split.

    Returns:
        The rows and the label counts of each part, and the classes that cannot be measured.

    Raises:
        ImportError: If the package iterative-stratification is missing.
        ValueError: If an argument is invalid, or there are fewer images or groups than parts.

    Example:
        >>> from mmpretrain_imbalance.datasets import label_store_from_array
        >>> table = [[1], [0]] * 10
        >>> store = label_store_from_array(table, [f'{row}.jpg' for row in range(20)], ['cat'])
        >>> split = split_labels(store, dict(train=0.8, val=0.2))
        >>> split.counts['val'].positives, split.counts['val'].negatives, split.unmeasurable
        (array([2]), array([2]), [])
    """
    caller = "split_labels"
    check_number(caller, 0, 1, **{f"fractions[{name!r}]": value for name, value in fractions.items()})
    if len(fractions) < 2 or 0 in fractions.values() or not math.isclose(sum(fractions.values()), 1):
        raise ValueError(
            f"The 'fractions' argument of {caller} must be at least two positive numbers whose sum is 1. "
            f"Got {dict(fractions)} instead."
        )
    units = _units(labels, groups, len(fractions), caller)
    table, columns = _unit_table(labels, units)
    part_of_unit = stratify(table, list(fractions.values()), seed)
    rows = {name: np.flatnonzero(part_of_unit[units] == part) for part, name in enumerate(fractions)}
    counts = {name: labels.label_counts(part) for name, part in rows.items()}
    for name, part in rows.items():
        if not len(part):
            raise ValueError(
                f"The fraction of each part in the 'fractions' argument of {caller} must be at least one of "
                f"the {len(labels)} images. Got no image for part {name!r} with the fraction "
                f"{fractions[name]} instead. Use a larger fraction."
            )
    totals = labels.label_counts()
    units_of_column = np.r_[totals.positives, totals.negatives]
    units_of_column[columns] = column_counts(table)
    return LabelSplit(rows, counts, _unmeasurable_classes(labels, counts, units_of_column))


def fold_labels(
    labels: LabelStore, num_folds: int, groups: Sequence[Hashable] | None = None, seed: int = 0
) -> np.ndarray:
    """Divide images into folds of equal size, stratified in the same way as by :func:`split_labels`.

    Args:
        labels: The labels.
        num_folds: Number of folds.
        groups: As in :func:`split_labels`.
        seed: As in :func:`split_labels`.

    Returns:
        Fold of each row, int64 of shape (N,).

    Raises:
        ImportError: If the package iterative-stratification is missing.
        ValueError: If an argument is invalid, or there are fewer images or groups than folds.

    Example:
        >>> from mmpretrain_imbalance.datasets import label_store_from_array
        >>> store = label_store_from_array([[1], [1], [0], [0]], ['a', 'b', 'c', 'd'], ['cat'])
        >>> sorted(fold_labels(store, 2).tolist())
        [0, 0, 1, 1]
    """
    check_integer("fold_labels", 2, num_folds=num_folds)
    units = _units(labels, groups, num_folds, "fold_labels")
    return stratify(_unit_table(labels, units)[0], np.full(num_folds, 1 / num_folds), seed)[units]


def _units(labels: LabelStore, groups: Sequence[Hashable] | None, num_parts: int, caller: str) -> np.ndarray:
    """Return the index of the unit of each row: rows of a group or of an image are in one unit."""
    if groups is not None and len(groups) != len(labels):
        raise ValueError(
            f"The 'groups' argument of {caller} must have one value for each of the {len(labels)} rows of "
            f"the labels. Got {len(groups)} instead."
        )
    names = [normpath(labels.image_name(row)) for row in range(len(labels))]
    units = join_groups(names) if groups is None else join_groups(names, groups)
    num_units = int(units.max(initial=-1)) + 1
    if num_units < num_parts:
        kind = "images" if groups is None else "groups of images"
        raise ValueError(
            f"The 'labels' argument of {caller} must have at least {num_parts} {kind}, one per part. "
            f"Got {num_units} instead."
        )
    return units


def _unit_table(labels: LabelStore, units: np.ndarray) -> tuple[csr_array, np.ndarray]:
    """Return which unit has which column, and the indices of the columns.

    Index c stands for the known positives of class c, and index C + c for its known negatives.
    """
    from scipy.sparse import csr_array

    num_units, num_classes = int(units.max()) + 1, labels.num_classes
    counts = labels.label_counts()
    sizes = np.r_[counts.positives, counts.negatives]
    kept = np.argsort(sizes, kind="stable")
    kept = kept[(sizes[kept] > 0) & (np.cumsum(sizes[kept]) <= _MAX_LABELS)]
    position = np.full(2 * num_classes, -1)
    position[kept] = np.arange(len(kept))
    units_of_pairs, columns_of_pairs = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    per_row = num_classes if labels.default_label == 0 else labels.num_listed // len(labels) + 1
    step = max(1, _CHUNK // per_row)
    for start in range(0, len(labels), step):
        rows = np.arange(start, min(start + step, len(labels)))
        images, classes, values = labels.known_elements(rows)
        columns = np.where(values == -1, -1, position[classes + num_classes * (values == 0)])
        units_of_pairs.append(units[rows[images[columns >= 0]]])
        columns_of_pairs.append(columns[columns >= 0])
    pairs = np.concatenate(units_of_pairs), np.concatenate(columns_of_pairs)
    table = csr_array((np.ones(len(pairs[0]), dtype=bool), pairs), shape=(num_units, len(kept)))
    table.sum_duplicates()
    return table, kept


def _unmeasurable_classes(
    labels: LabelStore, counts: Mapping[str, LabelCounts], units_of_column: np.ndarray
) -> list[UnmeasurableClass]:
    found = []
    for column, num_having in enumerate(units_of_column.tolist()):
        is_negative, index = divmod(column, labels.num_classes)
        kind = "negatives" if is_negative else "positives"
        by_part = {part: int(getattr(of_part, kind)[index]) for part, of_part in counts.items()}
        total = sum(by_part.values())
        if total < len(counts):
            ending = kind[:-1] if total <= 1 else kind
            reason = f"the class has {f'only {total}' if total else 'no'} known {ending}"
        elif num_having < len(counts):
            reason = f"all {total} known {kind} are in {num_having} group{'s' if num_having > 1 else ''}"
        else:
            reason = f"every row with a known {kind[:-1]} has the last label of another class in its part"
        found += [
            UnmeasurableClass(
                class_name=labels.class_names[index],
                part=part,
                positives=int(counts[part].positives[index]),
                negatives=int(counts[part].negatives[index]),
                reason=reason,
            )
            for part in counts
            if part != "train" and by_part[part] == 0
        ]
    return found
