"""Search for known labels that look wrong, and for unknown labels that are worth asking for."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config

from ..datasets.config_datasets import build_split
from ..datasets.dataset_labels import dataset_label_store
from ..datasets.label_store.store import LabelStore
from ..datasets.split_labels import fold_labels
from ..functional.metrics.predicted_labels import labels_above
from ..functional.suspect_scores import given_label_probability, question_scores
from ..utils.argument_checks import check_choice, check_integer
from ..utils.class_values import check_same_classes
from .chosen_thresholds import chosen_thresholds
from .cleanlab_scores import cleanlab_scores
from .dataset_predictions import predicted_batches
from .fold_models import train_fold_models
from .suspect_table import SuspectLabel, SuspectLabels
from .top_elements import TopElements
from .trained_model import load_trained_model

#: Scores of known labels: our own, and those of the package cleanlab.
SUSPECT_METHODS = ("self_confidence", "cleanlab")


def suspect_labels(
    config: str | os.PathLike[str] | Config,
    checkpoint: str | os.PathLike[str] | None = None,
    *,
    split: str = "train",
    top: int = 200,
    per_class: bool = False,
    method: str = "self_confidence",
    num_folds: int | None = None,
    work_dir: str | os.PathLike[str] | None = None,
    seed: int = 0,
    thresholds: float | Mapping[str, float] | str | os.PathLike[str] | None = None,
    device: str | torch.device | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    on_fold: Callable[[int, str], None] = lambda fold, state: None,
) -> SuspectLabels:
    """Rank known labels that look wrong, and unknown labels that are worth asking for.

    Positives and negatives are ranked separately, by :func:`given_label_probability` or by cleanlab, and then
    alternate in the result, because their scores are not comparable: where positives are rare, a single
    ranking lists almost only positives, and no missing positive. Unknown labels are ranked by
    :func:`question_scores`.

    One batch of probabilities is in memory at a time, and with ``method='cleanlab'`` the probabilities of all
    known labels.

    Args:
        config: Config that the model was trained with.
        checkpoint: Checkpoint of the model; not used with ``num_folds``.
        split: ``'train'``, ``'val'`` or ``'test'``.
        top: Number of labels of each kind.
        per_class: Whether ``top`` is the number of labels of each kind and class.
        method: ``'self_confidence'`` or ``'cleanlab'``, see ``cleanlab_scores``.
        num_folds: If given, this number of models is trained, each without one fold of the training images,
            and each image is scored by the model that has not seen it.
        work_dir: Folder for the models of the folds; by default ``folds`` in the work folder of the config.
        seed: Seed of the folds.
        thresholds: Decision thresholds, from which unknown labels are asked: one number, values by class
            name, or a file with them. None uses those of the head, of ``thresholds.json`` beside the
            checkpoint, or of the checkpoint, or else 0.5.
        device: Device of the model; None selects a GPU if available.
        on_progress: Called after each batch with the number of scored images and the number of all images.
        on_fold: Called before the training of each fold, see :func:`train_fold_models`.

    Returns:
        The labels to check.

    Raises:
        FileNotFoundError: If the config or the checkpoint does not exist.
        ImportError: If an optional package is missing.
        ValueError: If an argument is invalid, the config has no such split, or the classes of the split
            differ from those of the checkpoint.
    """
    check_choice("suspect_labels", ("train", "val", "test"), split=split)
    check_choice("suspect_labels", SUSPECT_METHODS, method=method)
    check_integer("suspect_labels", 1, top=top)
    if num_folds is None and checkpoint is None:
        raise ValueError(
            "The 'checkpoint' argument of suspect_labels must be given without 'num_folds'. Got None instead."
        )
    if num_folds is not None:
        check_integer("suspect_labels", 2, num_folds=num_folds)
        check_choice("suspect_labels", ("train",), split=split)  # no model has seen the other images
    cfg = config if isinstance(config, Config) else Config.fromfile(config)
    dataset = build_split(cfg, split, "suspect_labels")
    store = dataset_label_store(dataset)
    models: Iterator[tuple[Any, np.ndarray]]
    if num_folds is None:
        models = iter([(checkpoint, np.arange(len(store)))])
        basis = "in-sample" if split == "train" else "held-out"
    else:
        folds = fold_labels(store, num_folds, seed=seed)
        work_dir = work_dir or Path(cfg.get("work_dir") or "work_dirs") / "folds"
        models = train_fold_models(cfg, folds, work_dir, _fingerprint(store), on_fold)
        basis = "out-of-fold"
    batches = _predict(cfg, models, dataset, store, thresholds, device, on_progress)
    return _select(batches, store, top, per_class, method, basis)


def _predict(
    cfg: Config,
    models: Iterator[tuple[Any, np.ndarray]],
    dataset: Any,
    store: LabelStore,
    thresholds: Any,
    device: str | torch.device | None,
    on_progress: Callable[[int, int], None],
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield images, and the probabilities and the thresholds of the model that predicts them."""
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    done = 0
    for checkpoint, images in models:
        trained = load_trained_model(cfg, checkpoint, device)
        if trained.stored_names:  # probabilities have no names, so their order must match
            check_same_classes("the checkpoint", trained.stored_names, "the labels", store.class_names)
        head = getattr(trained.model, "head", None)
        chosen = chosen_thresholds(
            thresholds,
            head,
            trained.thresholds,
            store.class_names,
            "suspect_labels",
            trained.class_names,
            trained.threshold_file,
        )
        for indices, probabilities in predicted_batches(trained.model, dataset, cfg, images):
            if probabilities.shape[1] != store.num_classes:
                raise ValueError(
                    "The 'checkpoint' argument of suspect_labels must belong to a model with the "
                    f"{store.num_classes} classes of the labels. Got {probabilities.shape[1]} instead."
                )
            yield indices, probabilities.float().cpu().numpy(), chosen.values
            done += len(indices)
            on_progress(done, len(store))


def _select(
    batches: Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]],
    store: LabelStore,
    top: int,
    per_class: bool,
    method: str,
    basis: str,
) -> SuspectLabels:
    positives = store.label_counts().positives
    wrong, ask = TopElements(top, per_class), TopElements(top, per_class)
    known_parts, num_known, num_unknown, num_issues = [], 0, 0, None
    for images, probabilities, thresholds in batches:
        labels = np.full(probabilities.shape, store.default_label, dtype=np.int8)
        samples, classes, values = store.elements(images)
        labels[samples, classes] = values
        samples, classes = np.nonzero(labels != -1)
        values = labels[samples, classes]
        known = images[samples], classes, values, 1 - values, probabilities[samples, classes]
        num_known += len(classes)
        if method == "cleanlab":
            known_parts.append(known)
        else:
            wrong.add(*known, 1 - given_label_probability(known[4], values))
        samples, classes = np.nonzero(labels == -1)
        num_unknown += len(classes)
        scores = question_scores(probabilities, thresholds, positives)[samples, classes]
        unknown = np.full(len(classes), -1, dtype=np.int8)
        suggested = labels_above(probabilities, thresholds)[samples, classes].astype(np.int8)
        ask.add(images[samples], classes, unknown, suggested, probabilities[samples, classes], scores)
    if method == "cleanlab":
        images, classes, values, suggested, chances = map(np.concatenate, zip(*known_parts))
        quality, is_issue = cleanlab_scores(chances, values, classes)
        wrong.add(images, classes, values, suggested, chances, 1 - quality)
        num_issues = int(is_issue.sum())
    found = [
        SuspectLabel(
            store.image_name(row.image),
            store.class_names[row.class_index],
            row.label,
            row.suggested,
            row.probability,
            row.score,
            kind,
        )
        for kind, elements in (("wrong?", wrong), ("ask", ask))
        for row in elements.rows()
    ]
    return SuspectLabels(found, basis, num_known, num_unknown, num_issues)


def _fingerprint(store: LabelStore) -> str:
    digest = hashlib.sha256()
    for array in store.elements(np.arange(len(store))):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
