from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import brentq
from scipy.special import expit

from mmpretrain_imbalance.functional.soft_labels import match_prior


def test_shift_equals_the_root_of_scipy() -> None:
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(50, 5)) * 3, rng.integers(-1, 2, (50, 5))
    found = match_prior(torch.from_numpy(logits).float(), torch.from_numpy(labels))
    for c in range(5):
        unknown = labels[:, c] == -1
        positives, known = (labels[:, c] == 1).sum(), (~unknown).sum()

        def excess(shift, c=c, unknown=unknown, positives=positives, known=known):
            return positives + expit(logits[unknown, c] + shift).sum() - 50 * positives / known

        np.testing.assert_allclose(found[c], brentq(excess, -30, 30), atol=1e-4)


def test_a_class_without_unknown_labels_is_not_shifted() -> None:
    assert match_prior(torch.zeros(3, 1), torch.tensor([[1], [0], [0]])).item() == 0
