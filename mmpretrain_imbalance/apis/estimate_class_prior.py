"""The class prior of a training set, estimated by a trained model."""

from __future__ import annotations

import os
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS
from torch.utils.data import DataLoader

from ..datasets import label_counts
from ..datasets.wrapped import class_names
from ..utils.argument_checks import type_name
from ..utils.class_values import check_same_classes
from .trained_model import load_trained_model

# Wrappers that show an image more than once: the prior is a mean over images.
_REPEATING = ("ClassBalancedDataset", "RepeatDataset")


@dataclass(frozen=True)
class ClassPriorEstimate:
    """What a model says of the classes of its training set, beside what the annotation says.

    Attributes:
        class_names: Names of the classes, C of them.
        class_prior: Mean probability of each class over the images, of shape (C,).
        known_frequency: Known positives over known labels, of shape (C,); NaN without a known label.
        num_images: Images in the mean.
        correlations: Spearman's rank correlation of the prior with each frequency it was compared with.
    """

    class_names: list[str]
    class_prior: np.ndarray
    known_frequency: np.ndarray
    num_images: int
    correlations: dict[str, float] = field(default_factory=dict)


def estimate_class_prior(
    config: str | os.PathLike | Config,
    checkpoint: str | os.PathLike,
    full_frequency: np.ndarray | None = None,
    device: str | torch.device | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> ClassPriorEstimate:
    r"""Average the predictions of a trained model over its training images.

    .. math:: \hat P_c = \frac{1}{N} \sum_n \sigma(x_{nc})

    Each image of the training set is seen once, through the pipeline of the test set: no augmentation, no
    repetition of rare classes. One batch is in memory at a time.

    Source: Ben-Baruch et al., CVPR 2022 (arXiv 2110.10955): a model trained in ``ignore`` mode gives a usable
    ranking of the classes; one that took unknown labels for negatives does not.

    Args:
        config: The config that the model was trained with.
        checkpoint: Its weights.
        full_frequency: Share of positives of each class under full annotation, of shape (C,), to compare
            with.
        device: Where the model runs; ``None`` for a GPU if there is one.
        on_progress: Called with the images done and their number after each batch.

    Returns:
        The estimate, with its rank correlation with the known labels and, if given, with the full ones.

    Raises:
        FileNotFoundError: If there is no such config or checkpoint.
        ValueError: If the config has no training set or test pipeline, or its classes are not those of the
            checkpoint in their order.
    """
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    model, cfg, names, _, stored_names = load_trained_model(config, checkpoint, device)
    dataset = build_training_set(cfg)
    trained_names = class_names(dataset)
    if trained_names and stored_names:  # the prior is told by name, and a logit has only a place
        check_same_classes("the checkpoint", stored_names, "train_dataloader", trained_names)
    names = list(trained_names or names or ())
    loader_cfg = cfg.get("test_dataloader") or cfg.get("val_dataloader")
    loader = DataLoader(
        dataset,
        batch_size=loader_cfg.get("batch_size", 1),
        num_workers=loader_cfg.get("num_workers", 0),
        collate_fn=default_collate,
    )
    total, num_images = 0.0, 0
    with torch.no_grad(), DefaultScope.overwrite_default_scope("mmpretrain"):
        for batch in loader:
            samples = model.test_step(batch)
            scores = torch.stack([sample.pred_score for sample in samples])
            total = total + scores.sum(dim=0, dtype=torch.float64).cpu().numpy()
            num_images += len(samples)
            on_progress(num_images, len(dataset))
    if not num_images:
        raise ValueError(
            "The 'config' argument of estimate_class_prior must have training images. Got 0 instead."
        )
    counts = label_counts(dataset)
    known = counts.positives + counts.negatives
    frequency = np.where(known > 0, counts.positives / np.maximum(known, 1), np.nan)
    prior = total / num_images
    if prior.shape != frequency.shape:
        raise ValueError(
            "The 'checkpoint' argument of estimate_class_prior must be of a model with the "
            f"{len(frequency)} classes of the training set. Got {len(prior)} instead."
        )
    correlations = {"known labels": spearman_correlation(prior, frequency)}
    if full_frequency is not None:
        correlations["full labels"] = spearman_correlation(prior, full_frequency)
    names = names or [str(index) for index in range(len(prior))]
    return ClassPriorEstimate(names, prior, frequency, num_images, correlations)


def spearman_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Rank correlation over the classes for which both values are known; ties share their mean rank.

    Args:
        first: Values of shape (C,), NaN where unknown.
        second: Values of shape (C,), NaN where unknown.

    Returns:
        The correlation in [-1, 1]; NaN with fewer than two classes, or where all values of one are equal.

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


def build_training_set(cfg: Config):
    """Build the training set of a config with its images once each, in the pipeline of its test set.

    Args:
        cfg: The config, left as it is.

    Returns:
        The dataset, with the wrappers that do not repeat images.

    Raises:
        ValueError: If the config has no training set or no test pipeline.
    """
    pipeline = _pipeline(cfg)
    node = (cfg.get("train_dataloader") or {}).get("dataset")
    if node is None:
        raise ValueError(
            "The 'config' argument of estimate_class_prior must have a train_dataloader. Got none instead."
        )
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        return DATASETS.build(_seen_once(deepcopy(node), pipeline))


def _seen_once(node: dict, pipeline: list[dict]) -> dict:
    while type_name(node["type"]) in _REPEATING:
        node = node["dataset"]
    if "dataset" in node:
        node["dataset"] = _seen_once(node["dataset"], pipeline)
    elif "datasets" in node:
        node["datasets"] = [_seen_once(part, pipeline) for part in node["datasets"]]
    else:
        node["pipeline"] = deepcopy(pipeline)
    return node


def _pipeline(cfg: Config) -> list[dict]:
    for name in ("test_dataloader", "val_dataloader"):
        node = (cfg.get(name) or {}).get("dataset")
        while node is not None:
            if node.get("pipeline") is not None:
                return node["pipeline"]
            node = node.get("dataset") or next(iter(node.get("datasets") or ()), None)
    raise ValueError(
        "The 'config' argument of estimate_class_prior must have a pipeline in test_dataloader.dataset. "
        "Got none instead."
    )
