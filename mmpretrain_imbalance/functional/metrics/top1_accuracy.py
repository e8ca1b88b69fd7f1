"""Top-1 accuracy of images with one class each, over all images and per class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike

from .known_elements import known_elements


@dataclass(frozen=True)
class Top1Predictions:
    """Whether the class of each image has the highest score.

    Attributes:
        classes: Index of the class of each image, of shape (N,), in increasing order of the image indices.
        correct: Whether this class has the highest score, bool, of shape (N,).
        num_classes: The number of classes, C.
    """

    classes: np.ndarray
    correct: np.ndarray
    num_classes: int

    def accuracy(self, times: np.ndarray | None = None) -> float:
        r"""Fraction of the images whose class has the highest score.

        Args:
            times: Number of times that each image counts, of shape (N,); None for once.

        Returns:
            The fraction in [0, 1].
        """
        return float(np.average(self.correct, weights=times))

    def class_recall(self, times: np.ndarray | None = None) -> np.ndarray:
        r"""Fraction of the images of each class whose class has the highest score.

        Args:
            times: Number of times that each image counts, of shape (N,); None for once.

        Returns:
            The fraction in [0, 1], of shape (C,); NaN for a class without images.
        """
        times = np.ones(len(self.classes)) if times is None else times
        images = np.bincount(self.classes, weights=times, minlength=self.num_classes)
        correct = np.bincount(self.classes, weights=times * self.correct, minlength=self.num_classes)
        recall: np.ndarray = np.divide(correct, images, out=np.full(len(images), np.nan), where=images > 0)
        return recall


def top1_predictions(
    scores: ArrayLike | torch.Tensor,
    labels: ArrayLike | torch.Tensor,
    classes: ArrayLike | torch.Tensor | None = None,
    images: ArrayLike | torch.Tensor | None = None,
    *,
    num_classes: int | None = None,
) -> Top1Predictions | None:
    r"""Predict one class for each image, if every image has one class.

    .. math:: \hat y_n = \arg\max_c s_{nc}

    Among equal scores, the lower class index comes first, as in :func:`top_labels`. The mean of
    :meth:`Top1Predictions.class_recall` over the classes of a group is what papers on long-tailed recognition
    call the accuracy of the many-shot, medium-shot and few-shot classes.

    Args:
        scores: Scores of shape (N, C); or of shape (K,), one for each element of ``classes``.
        labels: 1 positive, 0 negative, -1 unknown, of the shape of ``scores``.
        classes: Class index of each element, of shape (K,); None for matrices.
        images: Image index of each element, of shape (K,); None for matrices.
        num_classes: The number of classes of flat elements; by default the largest class index plus one.

    Returns:
        The predictions; None unless there are at least two classes, the labels of every image are known, and
        each image has exactly one positive.

    Raises:
        ValueError: As :func:`average_precision`, or if flat elements have no ``images``.

    Example:
        >>> found = top1_predictions([[0.9, 0.2], [0.4, 0.1], [0.3, 0.5]], [[1, 0], [0, 1], [0, 1]])
        >>> round(found.accuracy(), 3), found.class_recall()
        (0.667, array([1. , 0.5]))
        >>> top1_predictions([[0.9, 0.2]], [[1, 1]]) is None
        True
    """
    elements = known_elements(
        scores,
        labels,
        classes,
        images,
        num_classes=num_classes,
        keep_images=True,
        caller="top1_predictions",
    )
    count = elements.num_classes
    rows = np.asarray(elements.images)
    num_images = len(np.unique(rows))
    if count < 2 or not num_images or len(rows) != num_images * count:
        return None
    if elements.positive.sum() != num_images:
        return None
    order = np.lexsort((elements.classes, rows))
    shape = (num_images, count)
    positive = elements.positive[order].reshape(shape)
    is_complete = (elements.classes[order].reshape(shape) == np.arange(count)).all()
    if not is_complete or not (positive.sum(axis=1) == 1).all():
        return None
    truth = positive.argmax(axis=1)
    return Top1Predictions(truth, elements.scores[order].reshape(shape).argmax(axis=1) == truth, count)
