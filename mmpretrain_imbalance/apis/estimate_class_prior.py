"""Estimation of the class prior of a training set by a trained model."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from mmengine.config import Config

from ..datasets import LabelCounts, label_counts
from ..datasets.config_datasets import build_split
from ..datasets.wrapped import class_names
from ..functional import logit_histograms, shifted_class_prior
from ..functional.missing_positives import has_fixed_number
from ..utils.class_values import check_same_classes
from .dataset_predictions import predicted_batches
from .trained_model import load_trained_model

#: Histograms of logits for :func:`shifted_class_prior`: number of bins, and the upper end of the last one.
NUM_BINS, LIMIT = 300, 15.0


@dataclass(frozen=True)
class ClassPriorEstimate:
    """Class prior estimated by a model, with the frequencies of the known labels for comparison.

    Attributes:
        class_names: Names of the classes, C of them.
        class_prior: Estimated P(positive) of each class over the images, of shape (C,).
        known_frequency: Fraction of positives among the known labels of each class, of shape (C,); NaN for a
            class without known labels.
        num_images: Number of images in the mean.
        correlations: Spearman's rank correlation of the prior with the frequencies of the ``'known labels'``
            and, if given, of the ``'full labels'``.
        is_corrected: Whether the prior is not the mean prediction, but corrected for a fixed number of labels
            per class.
    """

    class_names: list[str]
    class_prior: np.ndarray
    known_frequency: np.ndarray
    num_images: int
    correlations: dict[str, float] = field(default_factory=dict)
    is_corrected: bool = False


def estimate_class_prior(
    config: str | os.PathLike[str] | Config,
    checkpoint: str | os.PathLike[str],
    full_frequency: np.ndarray | None = None,
    device: str | torch.device | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> ClassPriorEstimate:
    r"""Average the predictions of a trained model over its training images.

    .. math:: \hat P_c = \frac{1}{N} \sum_n \sigma(x_{nc})

    Each image of the training set is predicted once with the pipeline of the test set, without augmentation
    and without repetition of images. One batch is in memory at a time.

    If a fixed number of labels per class was annotated, the mean prediction is near the fraction of positives
    among the known labels, which is the same for most classes. Then the prior is that of
    :func:`shifted_class_prior`, which corrects this, and at least the fraction of known positives.

    Source: Ben-Baruch et al., CVPR 2022 (arXiv 2110.10955): a model that ignored unknown labels in training
    gives a useful ranking of the classes; a model that treated them as negatives does not. The correction is
    by Saerens et al., Neural Computation 14(1), 2002; its use here is from this project. It needs a model
    that ignored unknown labels and had no class weights.

    Args:
        config: Config that the model was trained with.
        checkpoint: Checkpoint of the model.
        full_frequency: Fraction of positives of each class under full annotation, of shape (C,), for
            comparison with the estimate.
        device: Device of the model; None selects a GPU if available.
        on_progress: Called after each batch with the number of finished images and the number of all images.

    Returns:
        The estimate, with its rank correlations with the given frequencies.

    Raises:
        FileNotFoundError: If the config or the checkpoint does not exist.
        ValueError: If the config has no training set or no test pipeline, or if the classes of the training
            set differ from those of the checkpoint in name or order.
    """
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    trained = load_trained_model(config, checkpoint, device)
    model, cfg, names, stored_names = trained.model, trained.cfg, trained.class_names, trained.stored_names
    dataset = build_training_set(cfg)
    trained_names = class_names(dataset)
    if trained_names and stored_names:  # logits have no names, so their order must match
        check_same_classes("the checkpoint", stored_names, "train_dataloader", trained_names)
    names = list(trained_names or names or ())
    counts = label_counts(dataset)
    is_corrected = has_fixed_number(counts.positives, counts.negatives, counts.unknown)
    total: Any = 0.0  # becomes an array: probabilities of shape (C,), or histograms of shape (C, B)
    num_images = 0
    for indices, scores in predicted_batches(model, dataset, cfg):
        if is_corrected:
            logits = torch.logit(scores.double())
            batch = logit_histograms(logits, torch.ones_like(scores).bool(), NUM_BINS, LIMIT)
        else:
            batch = scores.sum(dim=0, dtype=torch.float64)
        total = total + batch.cpu().numpy()
        num_images += len(indices)
        on_progress(num_images, len(dataset))
    if not num_images:
        raise ValueError(
            "The 'config' argument of estimate_class_prior must have at least one training image. "
            "Got 0 instead."
        )
    known = counts.positives + counts.negatives
    frequency = np.where(known > 0, counts.positives / np.maximum(known, 1), np.nan)
    if len(total) != len(frequency):
        raise ValueError(
            "The 'checkpoint' argument of estimate_class_prior must belong to a model with the "
            f"{len(frequency)} classes of the training set. Got {len(total)} classes instead."
        )
    prior: np.ndarray = _corrected_prior(total, counts) if is_corrected else total / num_images
    correlations = {"known labels": spearman_correlation(prior, frequency)}
    if full_frequency is not None:
        correlations["full labels"] = spearman_correlation(prior, full_frequency)
    names = names or [str(index) for index in range(len(prior))]
    return ClassPriorEstimate(names, prior, frequency, num_images, correlations, is_corrected)


def _corrected_prior(histograms: np.ndarray, counts: LabelCounts) -> np.ndarray:
    """Return the prior for a model that was trained on another fraction of positives."""
    known = counts.positives + counts.negatives
    # Half a label of each kind is added, so that a class without one of them has a finite logit.
    prior = shifted_class_prior(histograms, LIMIT, (counts.positives + 0.5) / (known + 1))
    num_images = known + counts.unknown
    return np.clip(prior, counts.positives / num_images, 1 - counts.negatives / num_images)


def spearman_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Compute Spearman's rank correlation over the classes with two known values; ties get their mean rank.

    Args:
        first: Values of shape (C,), NaN if unknown.
        second: Values of shape (C,), NaN if unknown.

    Returns:
        The correlation in [-1, 1]; NaN for fewer than two classes, or if all values of an argument are equal.

    Example:
        >>> spearman_correlation(np.array([0.1, 0.2, 0.9, 0.5]), np.array([1.0, 2.0, 3.0, np.nan]))
        1.0
    """
    from scipy.stats import rankdata  # here: it takes 0.4 s, which `import mmpretrain_imbalance` shall not

    both = ~np.isnan(first) & ~np.isnan(second)
    if both.sum() < 2:
        return float("nan")
    ranks = np.stack([rankdata(first[both]), rankdata(second[both])])
    if not ranks.std(axis=1).all():
        return float("nan")
    return float(np.clip(np.corrcoef(ranks)[0, 1], -1, 1))


def build_training_set(cfg: Config) -> Any:
    """Build the training set of a config with each image once and with the pipeline of the test set.

    Args:
        cfg: The config. It is not modified.

    Returns:
        The dataset, including wrappers that do not repeat images.

    Raises:
        ValueError: If the config has no training set or no test pipeline.
    """
    return build_split(cfg, "train", "estimate_class_prior")
