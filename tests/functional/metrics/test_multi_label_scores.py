from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support
from torchmetrics.functional.classification import (
    multilabel_f1_score,
    multilabel_precision,
    multilabel_recall,
)

from mmpretrain_imbalance.functional.metrics.multi_label_scores import class_scores, multi_label_scores
from tests.functional.partial_tables import flat, partial_tables

PREDICTIONS = partial_tables(values=st.sampled_from([0, 1]), dtype=np.int64)


def by_loops(predictions: np.ndarray, labels: np.ndarray) -> tuple[dict[str, float], list[tuple]]:
    """Count in a loop over the elements."""
    per_class, all_counts = [], np.zeros(3)
    for column, truth in zip(predictions.T, labels.T):
        counts = np.zeros(3)  # true positives, false positives, false negatives
        for predicted, label in zip(column, truth):
            if label == -1:
                continue
            counts += [predicted and label == 1, predicted and label == 0, not predicted and label == 1]
        all_counts += counts
        has_positives = counts[0] + counts[2] > 0
        per_class.append(quotients(*counts) if has_positives else (np.nan,) * 3)
    evaluated = [scores for scores in per_class if not np.isnan(scores[0])]
    if not evaluated:
        return dict.fromkeys(("CP", "CR", "CF1", "macro_f1", "OP", "OR", "OF1"), np.nan), per_class
    cp, cr, macro_f1 = np.mean(evaluated, axis=0)
    summary = {"CP": cp, "CR": cr, "CF1": 2 * cp * cr / (cp + cr) if cp + cr else 0, "macro_f1": macro_f1}
    return summary | dict(zip(("OP", "OR", "OF1"), quotients(*all_counts))), per_class


def quotients(
    true_positives: float, false_positives: float, false_negatives: float
) -> tuple[float, float, float]:
    precision = true_positives / (true_positives + false_positives) if true_positives + false_positives else 0
    recall = true_positives / (true_positives + false_negatives)
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0


@given(PREDICTIONS)
def test_equals_plain_loops(tables) -> None:
    summary, per_class = by_loops(*tables)
    value = multi_label_scores(*tables)
    assert list(value) == list(summary)
    np.testing.assert_allclose(list(value.values()), list(summary.values()), rtol=1e-12)
    scores = class_scores(*tables)
    np.testing.assert_allclose(
        np.stack([scores.precision, scores.recall, scores.f1], axis=1), per_class, rtol=1e-12
    )
    np.testing.assert_array_equal(scores.positives, (tables[1] == 1).sum(axis=0))
    np.testing.assert_array_equal(scores.negatives, (tables[1] == 0).sum(axis=0))


@given(PREDICTIONS)
def test_class_scores_equal_scikit_learn_on_known_elements(tables) -> None:
    predictions, labels = tables
    scores = class_scores(predictions, labels)
    for index in np.flatnonzero((labels == 1).any(axis=0)):
        known = labels[:, index] != -1
        expected = precision_recall_fscore_support(
            labels[known, index], predictions[known, index], average="binary", zero_division=0
        )
        np.testing.assert_allclose(
            [scores.precision[index], scores.recall[index], scores.f1[index]], expected[:3]
        )


def test_equals_torchmetrics() -> None:
    generator = np.random.default_rng(0)
    predictions, labels = generator.integers(0, 2, (200, 5)), generator.integers(-1, 2, (200, 5))
    tensors = torch.from_numpy(predictions), torch.from_numpy(labels)
    found = multi_label_scores(predictions, labels)
    for names, average in ((("CP", "CR", "macro_f1"), "macro"), (("OP", "OR", "OF1"), "micro")):
        for name, metric in zip(names, (multilabel_precision, multilabel_recall, multilabel_f1_score)):
            expected = metric(*tensors, num_labels=5, average=average, ignore_index=-1)
            assert found[name] == pytest.approx(expected.item(), abs=1e-6), name


@given(PREDICTIONS)
def test_flat_elements_equal_matrices(tables) -> None:
    predictions, labels, classes, _ = flat(*tables)
    value = multi_label_scores(predictions, labels, classes, num_classes=tables[0].shape[1])
    np.testing.assert_equal(value, multi_label_scores(*tables))


def test_cf1_is_not_macro_f1() -> None:
    # Class 0 has precision 1 and recall 0.5, class 1 has precision 0.5 and recall 1.
    value = multi_label_scores([[1, 1], [0, 1]], [[1, 1], [1, 0]])
    assert value["CF1"] == pytest.approx(0.75)
    assert value["macro_f1"] == pytest.approx(2 / 3)


def test_a_class_without_known_positives_counts_in_the_overall_precision_only() -> None:
    value = multi_label_scores([[1, 1], [0, 1]], [[1, 0], [0, -1]])
    assert (value["CP"], value["CR"], value["OP"], value["OR"]) == (1.0, 1.0, 0.5, 1.0)


def test_a_class_that_is_never_predicted_has_precision_zero() -> None:
    value = multi_label_scores([[0, 1], [0, 0]], [[1, 1], [0, 0]])
    assert (value["CP"], value["macro_f1"]) == (0.5, 0.5)
