"""Advice for a method: the rows of the first table of docs/which_method.md, and their numbers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from mmpretrain_imbalance.functional import advise_method, label_figures
from mmpretrain_imbalance.functional.method_advice import ABOUT_A_TENTH, ALL_KNOWN, STRONG_IMBALANCE

ROOT = Path(__file__).resolve().parents[2]
IMAGES = 1000

# Positives of 4 classes among 1,000 images.
MILD, STRONG = np.array([400, 300, 200, 100]), np.array([800, 100, 50, 10])


def counts(positives: np.ndarray, known: float, negatives: bool = True) -> tuple[np.ndarray, ...]:
    """Label counts if the same fraction of all labels is known."""
    known_positives = np.ceil(positives * known).astype(int)
    known_negatives = np.ceil((IMAGES - positives) * known).astype(int) * negatives
    return known_positives, known_negatives, IMAGES - known_positives - known_negatives


CASES = {
    "all known, mild": (counts(MILD, 1), "binary_cross_entropy"),
    "all known, strong": (counts(STRONG, 1), "statistics_balanced_loss"),
    "half known, mild": (counts(MILD, 0.5), "binary_cross_entropy"),
    "half known, strong": (counts(STRONG, 0.5), "statistics_balanced_loss"),
    "a tenth known": (counts(MILD, 0.1), "statistics_balanced_loss"),
    "positives only": (counts(MILD, 0.5, negatives=False), "asymmetric_pseudo_label_loss"),
    "fixed number": (
        (np.full(4, 20), np.full(4, 20), np.full(4, IMAGES - 40)),
        "class_aware_selective_loss",
    ),
}


@pytest.mark.parametrize(
    ("equal", "num_classes", "expected"),
    [(2, 3, False), (3, 3, True), (4, 8, False), (5, 8, True), (9, 20, False), (10, 20, True)],
)
def test_a_few_classes_with_equal_numbers_are_chance(equal: int, num_classes: int, expected: bool) -> None:
    positives = 1 + 4 * np.arange(num_classes)
    negatives = np.r_[np.full(equal, 20), 30 + np.arange(num_classes - equal)]
    figures = label_figures(positives, negatives, 200 - positives)
    assert figures.fixed_number == expected


@pytest.mark.parametrize("name", CASES)
def test_advice_of_each_row_of_the_table(name: str) -> None:
    labels, method = CASES[name]
    advice = advise_method(*labels)
    assert advice.method == method
    assert advice.second != method
    for path in (advice.method, advice.second):
        assert (ROOT / "configs" / "_base_" / "methods" / f"{path}.py").is_file()
    assert all(reason.endswith(".") and reason[0].isalnum() for reason in advice.reasons)


@pytest.mark.parametrize(
    ("known", "method"),
    [
        (0.98, "partial_label_masking_loss_selective"),
        (1.0, "partial_asymmetric_loss"),
        (0.19, "partial_label_masking_loss"),
    ],
)
def test_fraction_of_known_labels_decides_at_its_limits(known: float, method: str) -> None:
    assert advise_method(*counts(STRONG, known)).second == method


@pytest.mark.parametrize(("rarest", "strong"), [(10, True), (11, False)])
def test_imbalance_is_strong_from_fifty(rarest: int, strong: bool) -> None:
    figures = label_figures(*counts(np.array([500, 300, rarest]), 1))
    assert figures.is_imbalanced == strong


def test_figures_equal_a_plain_loop() -> None:
    generator = np.random.default_rng(0)
    labels = generator.choice([-1, 0, 1], (50, 6), p=[0.5, 0.3, 0.2])
    positives, negatives, unknown = (
        np.array([(labels[:, c] == value).sum() for c in range(6)]) for value in (1, 0, -1)
    )
    per_image = np.bincount((labels == 1).sum(axis=1))
    figures = label_figures(positives, negatives, unknown, per_image)
    missing = sum(u * p / (p + n) for p, n, u in zip(positives, negatives, unknown)) / 50
    assert figures.num_images == 50
    assert figures.known_fraction == pytest.approx((labels >= 0).mean())
    assert figures.imbalance_ratio == pytest.approx(positives.max() / positives.min())
    assert figures.positives_per_image == pytest.approx((labels == 1).sum(axis=1).mean())
    assert figures.missing_positives == pytest.approx(missing)
    assert figures.single_positive is False


def test_classes_without_negatives_are_mentioned() -> None:
    positives, negatives, unknown = counts(MILD, 0.5)
    negatives[0], unknown[0] = 0, IMAGES - positives[0]
    assert any("25%" in reason for reason in advise_method(positives, negatives, unknown).reasons)


def test_single_positives_are_recognized() -> None:
    labels = counts(MILD, 0.5, negatives=False)
    assert label_figures(*labels, [0, IMAGES]).single_positive is True
    assert "one positive" in " ".join(advise_method(*labels, [0, IMAGES]).reasons)


def test_no_positive_at_all() -> None:
    advice = advise_method([0, 0], [5, 5], [5, 5])
    assert advice.figures.imbalance_ratio is None
    assert advice.method == "asymmetric_pseudo_label_loss"


def test_wrong_counts_raise() -> None:
    with pytest.raises(ValueError, match=r"must have the same shape \(C,\). Got \(2,\), \(1,\) and \(2,\)"):
        advise_method([1, 2], [1], [1, 2])
    with pytest.raises(ValueError, match="at least one label"):
        advise_method([0], [0], [0])


def test_numbers_of_the_documentation_are_those_of_the_code() -> None:
    text = (ROOT / "docs" / "which_method.md").read_text(encoding="utf-8")
    (words,) = re.findall(r"\*\*Numbers of these words\.\*\*(.+?)\n\n", text, re.S)
    assert f"{STRONG_IMBALANCE} times" in words
    assert f"{ALL_KNOWN:.0%}".replace("%", " %") in words
    assert f"{ABOUT_A_TENTH:.0%}".replace("%", " %") in words
