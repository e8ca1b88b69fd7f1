"""AUROC, calibration error and coverage, against scikit-learn, a plain loop and a count."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mmpretrain_imbalance.metrics import PartialLabelAveragePrecision
from tests.metrics.samples import data_samples, evaluate, scores_and_labels


def calibration_error(scores: np.ndarray, labels: np.ndarray) -> float:
    total = 0.0
    for low in range(15):
        members = [i for i, score in enumerate(scores) if min(int(score * 15), 14) == low]
        if members:
            total += len(members) * abs(scores[members].mean() - labels[members].mean())
    return 100 * total / len(scores)


def test_optional_metrics_against_oracles() -> None:
    scores, labels = scores_and_labels()
    metric = PartialLabelAveragePrecision(
        [1] * 4, classwise=True, auroc=True, calibration=True, coverage=True
    )
    found = evaluate(metric, data_samples(scores, labels))

    scores, labels = scores.numpy(), labels.numpy()
    known = labels != -1
    columns = [(scores[known[:, c], c], labels[known[:, c], c]) for c in range(4)]
    areas = [100 * roc_auc_score(y, s) for s, y in columns]
    errors = [calibration_error(s, y) for s, y in columns]
    assert found["AUROC"] == pytest.approx(np.mean(areas))
    assert found["AUROC_classwise"] == pytest.approx(areas)
    assert found["calibration_error"] == pytest.approx(np.mean(errors), rel=1e-5)
    assert found["calibration_error_classwise"] == pytest.approx(errors, rel=1e-5)
    pooled = calibration_error(scores[known], labels[known])
    assert found["calibration_error_pooled"] == pytest.approx(pooled, rel=1e-5)
    assert found["coverage"] == pytest.approx(100 * known.sum() / known.size)


def test_optional_metrics_are_off_by_default() -> None:
    scores, labels = scores_and_labels()
    found = evaluate(PartialLabelAveragePrecision([1] * 4), data_samples(scores, labels))
    assert not {"AUROC", "calibration_error", "calibration_error_pooled", "coverage"} & set(found)
