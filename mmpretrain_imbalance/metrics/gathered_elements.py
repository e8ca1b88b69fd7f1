"""Known elements of the samples one rank has seen, and of all ranks together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from mmengine.dist import all_gather, get_dist_info


@dataclass(frozen=True)
class KnownElementBatch:
    """The known elements of one or more samples.

    Attributes:
        num_samples: The number of samples, those without any known element included.
        num_classes: The number of classes, C.
        samples: The sample of each element: its place in the batch, or after :func:`gather_elements` in the
            whole set; int64.
        classes: Class index of each element, int32.
        values: What is kept of the score of each element, float32.
        labels: 1 positive, 0 negative, int8.
    """

    num_samples: int
    num_classes: int
    samples: np.ndarray
    classes: np.ndarray
    values: np.ndarray
    labels: np.ndarray


def gather_elements(batches: Sequence[KnownElementBatch], size: int) -> KnownElementBatch:
    """Bring the elements of all ranks together, and drop the samples that only pad the last batch.

    MMEngine's samplers hand out samples in turn: the i-th sample of rank r of W is the number i W + r of the
    order. They start again from the first one until every rank has equally many, so the numbers from ``size``
    on are repetitions.

    Args:
        batches: What this rank has seen, in order.
        size: The number of samples of the dataset.

    Returns:
        The same on every rank and for every number of ranks: the elements of the first ``size`` samples, in
        the order of the samples.
    """
    rank, world_size = get_dist_info()
    starts = np.cumsum([0] + [batch.num_samples for batch in batches])
    places = _concatenate([start + batch.samples for start, batch in zip(starts, batches)], np.int64)
    samples = places * world_size + rank
    keep = samples < size
    shape = torch.tensor([keep.sum(), starts[-1], max((batch.num_classes for batch in batches), default=0)])
    lengths, num_samples, num_classes = torch.stack(all_gather(shape)).T.tolist()
    order = slice(None)

    def gather(column: np.ndarray) -> np.ndarray:
        padded = torch.from_numpy(np.pad(column[keep], (0, max(lengths) - len(column[keep]))))
        parts = zip(all_gather(padded), lengths)
        return np.concatenate([part[:length].numpy() for part, length in parts])[order]

    gathered = gather(samples)
    if world_size > 1:  # sums of floating-point numbers depend on the order
        order = np.argsort(gathered, kind="stable")
    return KnownElementBatch(
        num_samples=min(size, sum(num_samples)),
        num_classes=max(num_classes),
        samples=gathered[order],
        classes=gather(_concatenate([batch.classes for batch in batches], np.int32)),
        values=gather(_concatenate([batch.values for batch in batches], np.float32)),
        labels=gather(_concatenate([batch.labels for batch in batches], np.int8)),
    )


def _concatenate(parts: list[np.ndarray], dtype: type) -> np.ndarray:
    return np.concatenate([np.empty(0, dtype), *parts])
