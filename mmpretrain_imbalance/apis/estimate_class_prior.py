"""Estimation of the class prior of a training set by a trained model."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from mmengine.config import Config

from ..datasets import label_counts
from ..datasets.config_datasets import build_split
from ..datasets.wrapped import class_names
from ..utils.class_values import check_same_classes
from .dataset_predictions import predicted_batches
from .trained_model import load_trained_model


@dataclass(frozen=True)
class ClassPriorEstimate:
    """Class prior estimated by a model, with the frequencies of the known labels for comparison.

    Attributes:
        class_names: Names of the classes, C of them.
        class_prior: Mean predicted probability of each class over the images, of shape (C,).
        known_frequency: Fraction of positives among the known labels of each class, of shape (C,); NaN for a
            class without known labels.
        num_images: Number of images in the mean.
        correlations: Spearman's rank correlation of the prior with the frequencies of the ``'known labels'``
            and, if given, of the ``'full labels'``.
    """

    class_names: list[str]
    class_prior: np.ndarray
    known_frequency: np.ndarray
    num_images: int
    correlations: dict[str, float] = field(default_factory=dict)


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

    Source: Ben-Baruch et al., CVPR 2022 (arXiv 2110.10955): a model that ignored unknown labels in training
    gives a useful ranking of the classes; a model that treated them as negatives does not.

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
    total: Any = 0.0  # becomes an array of shape (C,)
    num_images = 0
    for indices, scores in predicted_batches(model, dataset, cfg):
        total = total + scores.sum(dim=0, dtype=torch.float64).cpu().numpy()
        num_images += len(indices)
        on_progress(num_images, len(dataset))
    if not num_images:
        raise ValueError(
            "The 'config' argument of estimate_class_prior must have at least one training image. "
            "Got 0 instead."
        )
    counts = label_counts(dataset)
    known = counts.positives + counts.negatives
    frequency = np.where(known > 0, counts.positives / np.maximum(known, 1), np.nan)
    prior: np.ndarray = total / num_images
    if prior.shape != frequency.shape:
        raise ValueError(
            "The 'checkpoint' argument of estimate_class_prior must belong to a model with the "
            f"{len(frequency)} classes of the training set. Got {len(prior)} classes instead."
        )
    correlations = {"known labels": spearman_correlation(prior, frequency)}
    if full_frequency is not None:
        correlations["full labels"] = spearman_correlation(prior, full_frequency)
    names = names or [str(index) for index in range(len(prior))]
    return ClassPriorEstimate(names, prior, frequency, num_images, correlations)


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
