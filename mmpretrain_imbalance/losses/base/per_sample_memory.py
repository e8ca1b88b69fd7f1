"""Elements of single images that a loss keeps from epoch to epoch."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.dist import all_gather
from torch import Tensor


class PerSampleMemory:
    """Set of (image, class) elements that grows from epoch to epoch and is equal on all ranks.

    Added elements are in the set from the next ``merge`` on, which forms the union over all ranks. The
    set then depends on the epochs, and not on which rank processed which image. ``LabelStatisticsHook``
    stores the set in the checkpoint, under the key ``image_state``, and restores it when a run is resumed. It
    is not a buffer, because its size changes.

    Memory: 8 bytes per element, on every rank and in the checkpoint; images without elements take no memory.
    9M images with one stored class each take 72 MB. Images are identified by sample id, so the order of the
    training set must not change between runs.

    Example:
        >>> memory = PerSampleMemory()
        >>> flips = torch.tensor([[False, True, False], [True, False, True]])
        >>> memory.add(torch.tensor([7, 2]), flips, most=3)
        >>> memory.merge()
        >>> len(memory)
        3
        >>> memory.lookup(torch.tensor([2, 3]), num_classes=3)
        tensor([[ True, False,  True],
                [False, False, False]])
    """

    def __init__(self) -> None:
        self.keys = torch.zeros(0, dtype=torch.int64)
        self.num_classes = 0
        self._added: list[Tensor] = []

    def __len__(self) -> int:
        return len(self.keys)

    @torch.compiler.disable  # type: ignore[untyped-decorator]  # torch.compiler.disable has no annotations
    def add(self, sample_ids: Tensor, elements: Tensor, most: int) -> None:
        """Add elements; they are in the set from the next merge on.

        Nothing is read from the device, so the number of stored elements must be known beforehand: it is at
        most ``2 * most + 64``. If a batch has more elements, for example because many losses are equal, those
        of the first rows are stored.

        Args:
            sample_ids: Index of each image, of shape (N,).
            elements: True at the elements to add, bool, of shape (N, C).
            most: Expected number of elements.
        """
        self._check_classes(elements.shape[1])
        positions = torch.nonzero_static(elements, size=min(2 * most + 64, elements.numel()))
        keys = sample_ids[positions[:, 0].clamp(min=0)] * self.num_classes + positions[:, 1]
        self._added.append(keys.masked_fill(positions[:, 0] < 0, -1))

    @torch.compiler.disable  # type: ignore[untyped-decorator]  # torch.compiler.disable has no annotations
    def lookup(self, sample_ids: Tensor, num_classes: int) -> Tensor:
        """Return the stored elements of a batch.

        Args:
            sample_ids: Index of each image, of shape (N,).
            num_classes: Number of classes C.

        Returns:
            Bool, of shape (N, C), on the device of the ids.
        """
        self._check_classes(num_classes)
        shape = (len(sample_ids), num_classes)
        if not len(self.keys):
            return torch.zeros(shape, dtype=torch.bool, device=sample_ids.device)
        self.keys = self.keys.to(sample_ids.device)
        wanted = sample_ids[:, None] * num_classes + torch.arange(num_classes, device=sample_ids.device)
        positions = torch.searchsorted(self.keys, wanted).clamp(max=len(self.keys) - 1)
        return self.keys[positions] == wanted

    def merge(self) -> None:
        """Unite the set with the elements that all ranks added since the last merge; call it on all ranks."""
        added = _unique(torch.cat([self.keys, *(keys.to(self.keys.device) for keys in self._added)]))
        added = added[added >= 0]
        length = torch.tensor([len(added), self.num_classes], device=added.device)
        lengths = [int(other[0]) for other in all_gather(length)]
        padded = added.new_full((max(lengths),), -1)
        padded[: len(added)] = added
        gathered = all_gather(padded)
        self.keys = _unique(torch.cat([keys[:length] for keys, length in zip(gathered, lengths)]))
        self._added = []

    def state(self) -> dict[str, Any]:
        """Return the content to store in a checkpoint."""
        return {"keys": self.keys.cpu(), "num_classes": self.num_classes}

    def load_state(self, state: dict[str, Any]) -> None:
        """Restore the content that ``state`` returned."""
        self.keys = state["keys"].clone()
        self.num_classes = state["num_classes"]
        self._added = []

    def _check_classes(self, num_classes: int) -> None:
        if self.num_classes not in (0, num_classes):
            raise ValueError(
                f"The stored elements of the images must belong to the {num_classes} classes of the batch. "
                f"Got elements of {self.num_classes} classes instead: the checkpoint is of another dataset."
            )
        self.num_classes = num_classes


def _unique(keys: Tensor) -> Tensor:
    unique: Tensor = keys.unique()  # type: ignore[no-untyped-call]  # Tensor.unique has no annotations
    return unique
