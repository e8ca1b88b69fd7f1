from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from mmpretrain_imbalance.functional.soft_labels import (
    correct_by_co_occurrence,
    match_prior,
    neighbor_scores,
    out_of_fold_logits,
    principal_components,
    soft_labels,
    stack_logits,
)


def problem(seed=0, num_images=200):
    """Return features, all labels, and partial labels; class 1 is always the opposite of class 0."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(num_images, 5))
    first = features[:, 0] + 2 * rng.logistic(size=num_images) > 0
    third = features[:, 1] + 0.5 * rng.logistic(size=num_images) > 1
    labels = np.stack([first, ~first, third], axis=1).astype(int)
    partial = np.where(rng.random(labels.shape) < 0.5, -1, labels)
    return torch.from_numpy(features), torch.from_numpy(labels), torch.from_numpy(partial)


def test_the_composition_is_that_of_the_parts() -> None:
    features, _, partial = problem()
    components = principal_components(features, 3)
    order = torch.randperm(200, generator=torch.Generator().manual_seed(4))
    heads = out_of_fold_logits(components, partial, order % 5)
    neighbors = neighbor_scores(components, partial, 7)
    logits = stack_logits(torch.cat([heads, neighbors[None]]), partial).logits
    logits = correct_by_co_occurrence(logits, partial, partial, 1e-3)
    for matches in (True, False):
        shift = match_prior(logits, partial) if matches else 0
        expected = torch.where(partial < 0, torch.sigmoid(logits + shift), partial.float())
        found = soft_labels(
            features,
            partial,
            num_neighbors=7,
            num_components=3,
            penalties=(1e-3,),
            matches_prior=matches,
            seed=4,
        )
        torch.testing.assert_close(found, expected)


def test_unknown_labels_are_better_than_the_prior_and_use_the_other_labels() -> None:
    features, labels, partial = problem(seed=1)
    found = soft_labels(features, partial)
    assert torch.equal(found[partial >= 0].long(), partial[partial >= 0])
    # Half of the unknown labels of class 0 have a known class 1, which says the label.
    told = (partial[:, 0] < 0) & (partial[:, 1] >= 0)
    untold = (partial[:, 0] < 0) & (partial[:, 1] < 0)
    losses = [log_loss(labels[rows, 0], found[rows, 0].double()) for rows in (told, untold)]
    assert losses[0] < 0.1 < losses[1] < 0.75


def test_co_occurrence_is_left_out_where_it_does_not_fit_other_images() -> None:
    rng = np.random.default_rng(3)
    labels = torch.from_numpy(rng.integers(-1, 2, (60, 20)))
    features = torch.from_numpy(rng.normal(size=(60, 3)))
    with_choice = soft_labels(features, labels, penalties=(1e-5,))
    torch.testing.assert_close(with_choice, soft_labels(features, labels, penalties=()))


def test_a_class_without_one_kind_of_label_has_none() -> None:
    features, _, partial = problem()
    partial[partial[:, 2] == 0, 2] = -1
    found = soft_labels(features, partial)
    assert found[partial[:, 2] < 0, 2].isnan().all()
    assert not found[:, :2].isnan().any()


def test_errors() -> None:
    features, _, partial = problem()
    with pytest.raises(ValueError, match="must have a class with known positives and known negatives"):
        soft_labels(features, partial.masked_fill(partial == 0, -1))
    with pytest.raises(ValueError, match="'num_folds' argument of soft_labels must be an integer"):
        soft_labels(features, partial, num_folds=1)
