"""A linear head in closed form, from the means of the known positives."""

from __future__ import annotations

import torch

from ...utils.argument_checks import check_number
from .class_moments import ClassMoments
from .linear_head import LinearHead


def class_mean_head(moments: ClassMoments, ridge: float) -> LinearHead:
    r"""Compute the head that separates the known positives of each class from all images.

    .. math:: w_c = \Big( S + \lambda \frac{\operatorname{tr} S}{D} I \Big)^{-1} (m_c^+ - m), \qquad
        b_c = -w_c^\top m

    with the mean :math:`m` and the covariance :math:`S` of all images and the mean :math:`m_c^+` of the known
    positives. Without ridge this is the direction of Fisher's discriminant (1936): with the fraction
    :math:`\pi` of positives and their distance :math:`\delta = m_c^+ - m_c^-` from the negatives,
    :math:`m_c^+ - m = (1 - \pi) \delta` and :math:`S = S_w + \pi (1 - \pi) \delta \delta^\top` have

    .. math:: S^{-1} (m_c^+ - m) \propto S_w^{-1} \delta.

    Neither the negatives nor :math:`\pi` have to be known. The mean :math:`m_c^+` has no bias if the
    annotated positives of a class are a random part of all of them. The use of all images in place of the
    negatives, and the size of the ridge, are ours.

    Args:
        moments: Moments of the training images.
        ridge: The ridge :math:`\lambda`, in units of the mean variance of a feature.

    Returns:
        The head, in float64. Its logits have the mean 0 over all images and no calibrated scale. A class
        without a known positive has zeros.

    Raises:
        ValueError: If ``ridge`` is negative, there is no image, or a covariance without ridge is singular.

    Example:
        >>> moments = ClassMoments(num_classes=1, num_features=1)
        >>> moments.add(torch.tensor([[1.0], [3.0]]), torch.tensor([[-1], [1]]))
        >>> class_mean_head(moments, ridge=1.0).weight
        tensor([[0.5000]], dtype=torch.float64)
    """
    check_number("class_mean_head", 0, ridge=ridge)
    if not moments.num_images > 0:
        raise ValueError(
            "The 'moments' argument of class_mean_head must have at least one image. Got none instead."
        )
    matrix = moments.covariance
    variances = matrix.diagonal()
    variances += ridge * variances.mean()
    factor, failure = torch.linalg.cholesky_ex(matrix)
    if failure:
        raise ValueError(
            "The 'ridge' argument of class_mean_head must be positive, because the covariance of the "
            f"features is singular. Got {ridge} instead."
        )
    weight = torch.cholesky_solve((moments.class_means - moments.mean).T, factor).T
    return LinearHead(weight, -(weight @ moments.mean))
