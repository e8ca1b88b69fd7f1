"""What a loss remembers of single images, beyond the epoch in which it saw them."""

from __future__ import annotations

import torch
from mmengine.dist import all_gather
from torch import Tensor


class PerSampleMemory:
    """A set of (image, class) elements that grows from epoch to epoch and is the same on all ranks.

    What is added counts from the next :meth:`merge` on, which unites what all ranks have added: the set is
    then a function of the epochs and not of which rank saw which image. ``LabelStatisticsHook`` puts it into
    the checkpoint, under the key ``image_state``, and takes it back when a run is resumed. It is no buffer,
    because its size changes.

    Memory: 8 bytes per element, on every rank and in the checkpoint; nothing for an image without elements.
    9M images with one remembered class each are 72 MB. The images are known by sample id, so the training set
    must keep its order between runs.

    Example:
        >>> elements = PerSampleMemory()
        >>> flips = torch.tensor([[False, True, False], [True, False, True]])
        >>> elements.add(torch.tensor([7, 2]), flips, most=3)
        >>> elements.merge()
        >>> len(elements)
        3
        >>> elements.table(torch.tensor([2, 3]), num_classes=3)
        tensor([[ True, False,  True],
                [False, False, False]])
    """

    def __init__(self) -> None:
        self.keys = torch.zeros(0, dtype=torch.int64)
        self.num_classes = 0
        self._added: list[Tensor] = []

    def __len__(self) -> int:
        return len(self.keys)

    @torch.compiler.disable
    def add(self, sample_ids: Tensor, elements: Tensor, most: int) -> None:
        """Remember elements from the next merge on.

        Nothing is read from the device: room is made for twice ``most`` and a few more, and of a batch with
        even more elements, as equal losses may make them, those in the first rows are remembered.

        Args:
            sample_ids: Index of each image, of shape (N,).
            elements: The elements to remember, bool, of shape (N, C).
            most: How many to expect.
        """
        self._check_classes(elements.shape[1])
        places = torch.nonzero_static(elements, size=min(2 * most + 64, elements.numel()))
        keys = sample_ids[places[:, 0].clamp(min=0)] * self.num_classes + places[:, 1]
        self._added.append(keys.masked_fill(places[:, 0] < 0, -1))

    @torch.compiler.disable
    def table(self, sample_ids: Tensor, num_classes: int) -> Tensor:
        """Look up the remembered elements of a batch.

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
        places = torch.searchsorted(self.keys, wanted).clamp(max=len(self.keys) - 1)
        return self.keys[places] == wanted

    def merge(self) -> None:
        """Unite what all ranks added since the last merge with what was remembered; all ranks call it."""
        added = torch.cat([self.keys, *(keys.to(self.keys.device) for keys in self._added)]).unique()
        added = added[added >= 0]
        length = torch.tensor([len(added), self.num_classes], device=added.device)
        lengths = [int(other[0]) for other in all_gather(length)]
        padded = added.new_full((max(lengths),), -1)
        padded[: len(added)] = added
        gathered = all_gather(padded)
        self.keys = torch.cat([keys[:length] for keys, length in zip(gathered, lengths)]).unique()
        self._added = []

    def state(self) -> dict:
        """What a checkpoint stores."""
        return {"keys": self.keys.cpu(), "num_classes": self.num_classes}

    def load_state(self, state: dict) -> None:
        """Take back what a checkpoint stored."""
        self.keys = state["keys"].clone()
        self.num_classes = state["num_classes"]
        self._added = []

    def _check_classes(self, num_classes: int) -> None:
        if self.num_classes not in (0, num_classes):
            raise ValueError(
                f"The elements remembered are those of {self.num_classes} classes. Got a batch of "
                f"{num_classes} instead: the checkpoint is of another dataset."
            )
        self.num_classes = num_classes
