"""Logits of images by heads that were fitted on other images."""

from __future__ import annotations

import torch
from torch import Tensor

from ..refit import ClassMoments, LinearHead, category_wise_refit, class_mean_head


@torch.no_grad()
def out_of_fold_logits(
    features: Tensor, labels: Tensor, folds: Tensor, strength: float = 0.3, ridge: float = 10.0
) -> Tensor:
    r"""Compute the logits of two linear heads, fitted on the known labels of the other folds.

    Head A is a logistic regression of each class on its known labels, with an L2 penalty
    (:func:`category_wise_refit` without a trained head and without class weights). Head B is the closed form
    from the means of the known positives (:func:`class_mean_head`). A logit does not depend on any label of
    its own image.

    Source: this project. Predictions of models that have not seen the image are used, because a model
    reproduces the labels that it was fitted to, and soft labels would repeat its errors.

    Args:
        features: Features, of shape (N, D).
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        folds: Fold of each image, integers from 0 to K - 1 of shape (N,), with K of at least 2.
        strength: L2 penalty of head A, for the mean loss of the known labels of a class.
        ridge: Ridge of head B, in units of the mean variance of a feature.

    Returns:
        Logits of head A and head B, float32, of shape (2, N, C). The scale of B is not calibrated. A class
        without known positives in the other folds has a constant logit.

    Example:
        >>> features = torch.tensor([[-2.0], [-1.0], [1.0], [2.0]])
        >>> labels, folds = torch.tensor([[0], [0], [1], [1]]), torch.tensor([0, 1, 0, 1])
        >>> out_of_fold_logits(features, labels, folds)[0].flatten() > 0
        tensor([False, False,  True,  True])
    """
    num_classes, num_features = labels.shape[1], features.shape[1]
    logits = features.new_empty((2, len(features), num_classes), dtype=torch.float32)
    for fold in range(int(folds.max()) + 1):
        inside = folds == fold
        batch = features[~inside], labels[~inside]
        moments = ClassMoments(num_classes, num_features, features.device)
        moments.add(*batch)
        known = moments.num_positives + moments.num_negatives
        prior = (moments.num_positives + 0.5) / (known + 1)
        start = LinearHead(prior.new_zeros(num_classes, num_features), torch.logit(prior))
        logistic = category_wise_refit(
            start,
            [batch],
            strength,
            moments=moments,
            positive_weight_power=0,
            standardize=False,
            tolerance=1e-3,
        )
        for row, head in enumerate((logistic, class_mean_head(moments, ridge))):
            logits[row, inside] = head.logits(features[inside].double()).float()
    return logits
