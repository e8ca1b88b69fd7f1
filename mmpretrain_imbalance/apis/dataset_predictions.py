"""Probabilities of a model for the samples of a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope

from ..datasets.config_datasets import evaluation_loader


@torch.no_grad()
def predicted_batches(
    model: BaseModel, dataset: Any, cfg: Config, indices: Sequence[int] | np.ndarray | None = None
) -> Iterator[tuple[np.ndarray, torch.Tensor]]:
    """Predict samples of a dataset, with one batch in memory at a time.

    Args:
        model: A model in evaluation mode.
        dataset: A dataset with the pipeline of the test set.
        cfg: Config whose test or validation loader defines the batch size and the number of workers.
        indices: The samples to predict; None predicts all samples.

    Yields:
        The indices of the samples of a batch, of shape (B,), and their probabilities, of shape (B, C).
    """
    indices = np.arange(len(dataset)) if indices is None else np.asarray(indices)
    loader = evaluation_loader(cfg, dataset, indices)
    start = 0
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        for batch in loader:
            samples = model.test_step(batch)
            yield (
                indices[start : start + len(samples)],
                torch.stack([sample.pred_score for sample in samples]),
            )
            start += len(samples)
