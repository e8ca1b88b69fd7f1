from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from sklearn.metrics import roc_auc_score
from torchmetrics.functional.classification import binary_auroc

from mmpretrain_imbalance.functional.metrics.auroc import auroc
from tests.functional.partial_tables import PROBABILITIES, flat, partial_tables


@given(partial_tables())
def test_equals_scikit_learn_on_known_elements(tables) -> None:
    scores, labels = tables
    for index, value in enumerate(auroc(scores, labels)):
        known = labels[:, index] != -1
        truth = labels[known, index]
        if 0 < truth.sum() < len(truth):
            assert value == pytest.approx(roc_auc_score(truth, scores[known, index]), abs=1e-12)
        else:
            assert np.isnan(value)


@given(partial_tables(values=PROBABILITIES))
def test_equals_torchmetrics_and_the_fraction_of_ordered_pairs(tables) -> None:
    scores, labels = tables[0][:, 0], tables[1][:, 0]
    positives, negatives = scores[labels == 1], scores[labels == 0]
    if len(positives) and len(negatives):
        value = auroc(*tables)[0]
        pairs = positives[:, None] - negatives
        assert value == pytest.approx(((pairs > 0) + (pairs == 0) / 2).mean())
        expected = binary_auroc(torch.from_numpy(scores), torch.from_numpy(labels).long(), ignore_index=-1)
        assert value == pytest.approx(expected.item(), abs=1e-6)


@given(partial_tables())
def test_flat_elements_equal_matrices(tables) -> None:
    value = auroc(*flat(*tables)[:3], num_classes=tables[0].shape[1])
    np.testing.assert_array_equal(value, auroc(*tables))
