"""Datasets of a config with each image once and with the pipeline of the test set."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, cast

import numpy as np
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS
from torch.utils.data import DataLoader, Subset

from ..utils.argument_checks import type_name
from ..utils.worker_processes import end_without_parent

#: Wrappers that repeat images.
REPEATING_DATASETS = ("ClassBalancedDataset", "RepeatDataset")


def build_split(cfg: Config, split: str, caller: str) -> Any:
    """Build a dataset of a config with each image once and with the pipeline of the test set.

    Args:
        cfg: The config. It is not modified.
        split: ``'train'``, ``'val'`` or ``'test'``.
        caller: Name of the function with the argument ``config``, for error messages.

    Returns:
        The dataset, including wrappers that do not repeat images.

    Raises:
        ValueError: If the config has no such dataset or no test pipeline.
    """
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        return DATASETS.build(split_config(cfg, split, caller))


def split_config(cfg: Config, split: str, caller: str) -> dict[str, Any]:
    """Return the config of the dataset that :func:`build_split` builds.

    Args:
        cfg: The config. It is not modified.
        split: ``'train'``, ``'val'`` or ``'test'``.
        caller: Name of the function with the argument ``config``, for error messages.

    Returns:
        A copy of the config of the dataset, with the pipeline of the test set and without repetition.

    Raises:
        ValueError: If the config has no such dataset or no test pipeline.
    """
    pipeline = _test_pipeline(cfg)
    node = (cfg.get(f"{split}_dataloader") or {}).get("dataset")
    if node is None:
        raise ValueError(
            f"The 'config' argument of {caller} must have a {split}_dataloader. Got none instead."
        )
    return _without_repetition(deepcopy(node), pipeline, caller)


def evaluation_loader(
    cfg: Config, dataset: Any, indices: Sequence[int] | np.ndarray | None = None
) -> DataLoader[Any]:
    """Return a loader of samples of a dataset, in their order.

    Args:
        cfg: Config whose test or validation loader defines the batch size and the number of workers.
        dataset: A dataset with the pipeline of the test set.
        indices: The samples; None for all samples.

    Returns:
        The loader, whose batches are those of ``default_collate``.
    """
    node = cfg.get("test_dataloader") or cfg.get("val_dataloader") or {}
    return DataLoader(
        dataset if indices is None else Subset(dataset, np.asarray(indices).tolist()),
        batch_size=node.get("batch_size", 1),
        num_workers=node.get("num_workers", 0),
        collate_fn=default_collate,
        worker_init_fn=end_without_parent,
    )


def _without_repetition(
    node: dict[str, Any], pipeline: list[dict[str, Any]] | None, caller: str
) -> dict[str, Any]:
    while type_name(node["type"]) in REPEATING_DATASETS:
        node = node["dataset"]
    if "dataset" in node:
        node["dataset"] = _without_repetition(node["dataset"], pipeline, caller)
    elif "datasets" in node:
        node["datasets"] = [_without_repetition(part, pipeline, caller) for part in node["datasets"]]
    elif pipeline is not None:
        node["pipeline"] = deepcopy(pipeline)
    elif node.get("pipeline") is not None:  # some datasets, such as FeatureDataset, have none
        raise ValueError(
            f"The 'config' argument of {caller} must have a pipeline in test_dataloader.dataset. Got none "
            "instead."
        )
    return node


def _test_pipeline(cfg: Config) -> list[dict[str, Any]] | None:
    for name in ("test_dataloader", "val_dataloader"):
        node = (cfg.get(name) or {}).get("dataset")
        while node is not None:
            if node.get("pipeline") is not None:
                return cast("list[dict[str, Any]]", node["pipeline"])
            node = node.get("dataset") or next(iter(node.get("datasets") or ()), None)
    return None
