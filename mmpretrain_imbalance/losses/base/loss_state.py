"""State of a loss between steps: buffers, the progress of the run, and statistics of the current epoch."""

from __future__ import annotations

import inspect
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_rank
from torch import Tensor, nn

from ...functional import LossContext, random_numbers


class LossState(nn.Module):
    """State of a loss, held in buffers that ``LabelStatisticsHook`` updates between epochs.

    Values that are equal on all ranks and belong in a checkpoint are persistent buffers. Values that a rank
    gathers within an epoch are buffers registered with ``gathered=True``: between epochs, the hook sums these
    over ranks, calls :meth:`LossState.update_statistics`, records :meth:`LossState.class_state` and sets them
    to 0. Buffers with one value per class get their length from the dataset. A cast of the model, such as
    ``.half()``, does not change the dtype of the buffers, because half precision rounds counts above 2048.
    """

    epoch: Tensor
    max_epochs: Tensor
    _random_key: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.class_names: Sequence[str] | None = None
        #: Needs in :class:`Traits` that were set: ``'label_counts'``, ``'progress'``.
        self.provided_needs: set[str] = set()
        self._rank = 0
        # Losses of different classes in a composition must not use the same random numbers.
        self._random_stream = zlib.crc32(type(self).__name__.encode())
        self.register_buffer("epoch", torch.zeros((), dtype=torch.int64), persistent=False)
        self.register_buffer("max_epochs", torch.ones((), dtype=torch.int64), persistent=False)
        self.register_buffer("_random_key", torch.zeros((), dtype=torch.int64), persistent=False)
        self._class_buffers: dict[str, tuple[int, ...]] = {}
        self._gathered: list[str] = []

    def register_gathered(self, name: str, value: Tensor) -> None:
        """Register a buffer that is gathered within an epoch; the hook sums it over ranks and clears it."""
        self.register_buffer(name, value, persistent=False)
        self._gathered.append(name)

    def register_class_buffer(
        self,
        name: str,
        *inner: int,
        dtype: torch.dtype = torch.float32,
        persistent: bool = True,
        gathered: bool = False,
    ) -> None:
        """Register a buffer of shape ``(C, *inner)``, where the number of classes C is not known yet."""
        if gathered:
            self.register_gathered(name, torch.zeros(0, *inner, dtype=dtype))
        else:
            self.register_buffer(name, torch.zeros(0, *inner, dtype=dtype), persistent=persistent)
        self._class_buffers[name] = inner

    def allocate(self, num_classes: int) -> None:
        """Allocate class buffers that are still empty; others do not change."""
        for name, inner in self._class_buffers.items():
            buffer = getattr(self, name)
            if buffer.shape[0] == 0:
                setattr(self, name, buffer.new_zeros(num_classes, *inner))

    def resize_class_buffer(self, name: str, *inner: int) -> None:
        """Change the inner shape of a class buffer whose number of classes is not known yet."""
        self._class_buffers[name] = inner
        setattr(self, name, getattr(self, name).new_zeros(0, *inner))

    def set_label_counts(
        self, positives: Tensor, negatives: Tensor, class_names: Sequence[str] | None = None
    ) -> None:
        """Set the numbers of known positives and negatives per class of the training set, each of shape (C,).

        They are copied into the class buffers named ``positives`` and ``negatives``, if there are such
        buffers, and passed on to wrapped losses.
        """
        self.class_names = class_names
        self.provided_needs.add("label_counts")
        self.allocate(len(positives))
        for name, counts in (("positives", positives), ("negatives", negatives)):
            if name in self._class_buffers:
                setattr(self, name, torch.as_tensor(counts).to(getattr(self, name)))
        for child in self.children():
            if isinstance(child, LossState):
                child.set_label_counts(positives, negatives, class_names)

    def set_unknown_counts(self, unknown: Tensor) -> None:
        """Set the number of unknown labels per class of the training set, of shape (C,).

        The hook calls this before :meth:`LossState.set_label_counts`. It is passed on to wrapped losses.
        """
        for child in self.children():
            if isinstance(child, LossState):
                child.set_unknown_counts(unknown)

    def set_num_images(self, num_images: int) -> None:
        """Set the length of the training set in losses with a state per image, unless their config gives it.

        It is passed on to wrapped losses.
        """
        for child in self.children():
            if isinstance(child, LossState):
                child.set_num_images(num_images)

    def set_progress(self, epoch: int, max_epochs: int, iteration: int) -> None:
        """Set epoch and iteration, counted from 0, and pass them on to wrapped losses.

        Schedules and random numbers are functions of them, so that a resumed run reproduces both.
        """
        self.epoch.fill_(epoch)
        self.max_epochs.fill_(max_epochs)
        self._rank = get_rank()
        self._random_key.fill_(int(np.random.SeedSequence(iteration).generate_state(1)[0]))
        self.provided_needs.add("progress")
        for child in self.children():
            if isinstance(child, LossState):
                child.set_progress(epoch, max_epochs, iteration)

    def random_table(self, num_rows: int, num_columns: int, seed: int = 0, by_rank: bool = False) -> Tensor:
        """Return uniform random numbers, a function of class of the loss, seed, iteration, row and column.

        Each call within an iteration returns other numbers. Two losses of the same class in a model get the
        same numbers, unless their seeds differ.

        Args:
            num_rows: Number of rows N.
            num_columns: Number of columns C.
            seed: Seed of the random numbers.
            by_rank: Whether the numbers differ between ranks.

        Returns:
            int32, of shape (N, C), see
            :func:`random_numbers`.
        """
        self._random_key += 0x3C6EF35F  # the next call within the iteration gets other numbers
        stream = self._random_stream + seed * 0x1B873593 + (self._rank * 0x5BD1E995 if by_rank else 0)
        key = self._random_key + (stream & 0xFFFFFFFF)
        return random_numbers(key, num_rows, num_columns, key.device)

    @property
    def is_training_step(self) -> bool:
        """Whether the current call is a training step; only these are counted in statistics."""
        return self.training and torch.is_grad_enabled()

    def gather(self, logits: Tensor, labels: Tensor, context: LossContext) -> None:
        """Add a training step to the gathered buffers; the base class calls it without gradient.

        A wrapped loss gets the labels that the wrapper passes on.
        """

    def update_statistics(self) -> None:
        """Update the state from the gathered buffers, summed over ranks; the hook then clears them."""

    def class_state(self) -> dict[str, Tensor]:
        """Return the values per class that the hook records after each epoch, by name."""
        return {}

    def gathered(self) -> list[Tensor]:
        """Return the buffers that are gathered within an epoch."""
        return [getattr(self, name) for name in self._gathered]

    def extra_repr(self) -> str:
        """Return every argument of the constructors that is a plain attribute, as ``name=value``."""
        names: dict[str, None] = {}
        for owner in type(self).__mro__:
            if issubclass(owner, LossState):
                names.update(dict.fromkeys(inspect.signature(owner.__init__).parameters))
        shown = {name: getattr(self, name) for name in names if name in vars(self)}
        return ", ".join(f"{name}={value!r}" for name, value in shown.items())

    def class_lengths(self) -> list[int]:
        """Return the number of classes of each class buffer; 0 if it is not allocated yet."""
        return [len(getattr(self, name)) for name in self._class_buffers]

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> LossState:
        before = {name: buffer for name, buffer in self._buffers.items() if buffer is not None}
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # nn.Module._apply has no annotations
        for name, buffer in before.items():
            after = self._buffers[name]
            if after is not None and after.dtype != buffer.dtype:
                self._buffers[name] = buffer.to(after.device)
        return self

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        # A model that is built for testing has no training set, so buffers get their size from the
        # checkpoint.
        for name in self._class_buffers:
            stored = state_dict.get(prefix + name)
            if stored is not None and getattr(self, name).shape[0] == 0:
                setattr(self, name, getattr(self, name).new_zeros(stored.shape))
        super()._load_from_state_dict(state_dict, prefix, *args)
