"""Known elements of the samples of one rank, and their gathering over ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from mmengine.dist import all_gather, get_dist_info


@dataclass(frozen=True)
class KnownElementBatch:
    """Known elements of one or more samples.

    Attributes:
        num_samples: Number of samples, including samples without known elements.
        num_classes: Number of classes C.
        samples: Sample index of each element, int64: the row in the batch, or the index in the whole set
            after ``gather_elements``.
        classes: Class index of each element, int32.
        values: Value of each element, such as its score or whether it is predicted, float32.
        labels: Label of each element, 1 positive or 0 negative, int8.
    """

    num_samples: int
    num_classes: int
    samples: np.ndarray
    classes: np.ndarray
    values: np.ndarray
    labels: np.ndarray


def gather_elements(batches: Sequence[KnownElementBatch], size: int) -> KnownElementBatch:
    """Gather the elements of all ranks, and drop the samples that only pad the last batch.

    MMEngine's samplers distribute samples alternately: the i-th sample of rank r of W ranks has index i W + r
    in the order of the sampler. The first samples are repeated until all ranks have the same number, so
    indices of at least ``size`` are repetitions.

    Args:
        batches: The batches of this rank, in order.
        size: Number of samples of the dataset.

    Returns:
        The elements of the first ``size`` samples, in the order of the samples. The result is the same on
        every rank and for every number of ranks.
    """
    rank, world_size = get_dist_info()
    starts = np.cumsum([0] + [batch.num_samples for batch in batches])
    local = _concatenate([start + batch.samples for start, batch in zip(starts, batches)], np.int64)
    samples = local * world_size + rank
    keep = samples < size
    shape = torch.tensor([keep.sum(), starts[-1], max((batch.num_classes for batch in batches), default=0)])
    lengths, num_samples, num_classes = torch.stack(all_gather(shape)).T.tolist()
    order: slice | np.ndarray = slice(None)

    def gather(column: np.ndarray) -> np.ndarray:
        padded = torch.from_numpy(np.pad(column[keep], (0, max(lengths) - len(column[keep]))))
        parts = zip(all_gather(padded), lengths)
        return np.concatenate([part[:length].numpy() for part, length in parts])[order]

    gathered = gather(samples)
    if world_size > 1:  # the result of a floating-point sum depends on the order
        order = np.argsort(gathered, kind="stable")
    return KnownElementBatch(
        num_samples=min(size, sum(num_samples)),
        num_classes=max(num_classes),
        samples=gathered[order],
        classes=gather(_concatenate([batch.classes for batch in batches], np.int32)),
        values=gather(_concatenate([batch.values for batch in batches], np.float32)),
        labels=gather(_concatenate([batch.labels for batch in batches], np.int8)),
    )


def _concatenate(parts: list[np.ndarray], dtype: type[np.generic]) -> np.ndarray:
    return np.concatenate([np.empty(0, dtype), *parts])
