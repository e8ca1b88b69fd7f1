"""What a loss keeps between steps: buffers, the place in the run, and what it gathers in an epoch."""

from __future__ import annotations

import inspect
import zlib
from collections.abc import Sequence

import numpy as np
import torch
from mmengine.dist import get_rank
from torch import Tensor, nn

from ...functional import random_numbers


class LossState(nn.Module):
    """The state of a loss. It lives in buffers, and ``LabelStatisticsHook`` moves it between epochs.

    What is equal on all ranks and belongs in a checkpoint is a persistent buffer; what a rank gathers within
    an epoch is a buffer registered with ``gathered=True``. The hook sums the latter over ranks, calls
    :meth:`update_statistics`, records :meth:`class_state` and clears them. Buffers with a value per class get
    their length from the dataset. A cast of the model, such as ``.half()``, does not change the dtype of
    these
    buffers: half precision rounds counts above 2048.
    """

    def __init__(self) -> None:
        super().__init__()
        self.class_names: Sequence[str] | None = None
        #: Which of the needs in :class:`Traits` were set: ``'label_counts'``, ``'progress'``.
        self.told: set[str] = set()
        self._rank = 0
        # Two kinds of losses in a composition must not draw the same numbers.
        self._random_stream = zlib.crc32(type(self).__name__.encode())
        self.register_buffer("epoch", torch.zeros((), dtype=torch.int64), persistent=False)
        self.register_buffer("max_epochs", torch.ones((), dtype=torch.int64), persistent=False)
        self.register_buffer("_random_key", torch.zeros((), dtype=torch.int64), persistent=False)
        self._class_buffers: dict[str, tuple[int, ...]] = {}
        self._gathered: list[str] = []

    def register_gathered(self, name: str, value: Tensor) -> None:
        """Register a buffer that a rank gathers within an epoch, and the hook sums over ranks and clears."""
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
        """Register a buffer of shape (C, *inner) whose number of classes is not known yet."""
        if gathered:
            self.register_gathered(name, torch.zeros(0, *inner, dtype=dtype))
        else:
            self.register_buffer(name, torch.zeros(0, *inner, dtype=dtype), persistent=persistent)
        self._class_buffers[name] = inner

    def allocate(self, num_classes: int) -> None:
        """Give empty class buffers their length; filled ones are left alone."""
        for name, inner in self._class_buffers.items():
            buffer = getattr(self, name)
            if buffer.shape[0] == 0:
                setattr(self, name, buffer.new_zeros(num_classes, *inner))

    def set_label_counts(
        self, positives: Tensor, negatives: Tensor, class_names: Sequence[str] | None = None
    ) -> None:
        """Take the known positives and negatives of each class of the training set, each of shape (C,).

        They fill class buffers named ``positives`` and ``negatives``, and are handed on to held losses.
        """
        self.class_names = class_names
        self.told.add("label_counts")
        self.allocate(len(positives))
        for name, counts in (("positives", positives), ("negatives", negatives)):
            if name in self._class_buffers:
                setattr(self, name, torch.as_tensor(counts).to(getattr(self, name)))
        for held in self.children():
            if isinstance(held, LossState):
                held.set_label_counts(positives, negatives, class_names)

    def set_progress(self, epoch: int, max_epochs: int, iteration: int) -> None:
        """Take the place in the run, counted from 0.

        Schedules and draws are functions of it, so that a resumed run repeats them. It is handed on to held
        losses.
        """
        self.epoch.fill_(epoch)
        self.max_epochs.fill_(max_epochs)
        self._rank = get_rank()
        self._random_key.fill_(int(np.random.SeedSequence(iteration).generate_state(1)[0]))
        self.told.add("progress")
        for held in self.children():
            if isinstance(held, LossState):
                held.set_progress(epoch, max_epochs, iteration)

    def random_table(self, num_rows: int, num_columns: int, seed: int = 0, by_rank: bool = False) -> Tensor:
        """Even random numbers, a function of kind of loss, seed, iteration, row and column.

        Each call within an iteration gives another table. Two losses of one class in a model draw the same
        numbers, unless their seeds differ.

        Args:
            num_rows: Number of rows N.
            num_columns: Number of columns C.
            seed: Of the draws.
            by_rank: Whether each rank has draws of its own.

        Returns:
            int32, of shape (N, C), see
            :func:`~mmpretrain_imbalance.functional.random_numbers.random_numbers`.
        """
        self._random_key += 0x3C6EF35F  # the next draw of the same iteration
        stream = self._random_stream + seed * 0x1B873593 + (self._rank * 0x5BD1E995 if by_rank else 0)
        key = self._random_key + (stream & 0xFFFFFFFF)
        return random_numbers(key, num_rows, num_columns, key.device)

    @property
    def is_training_step(self) -> bool:
        """Whether this call is a training step, whose predictions count."""
        return self.training and torch.is_grad_enabled()

    def gather(self, logits: Tensor, labels: Tensor, context) -> None:
        """Add a training step to the gathered buffers; the base calls it, without gradient.

        The labels of a held loss are those that the wrapper passes on.
        """

    def update_statistics(self) -> None:
        """Move what was gathered, already summed over ranks, into the state; the hook then clears it."""

    def class_state(self) -> dict[str, Tensor]:
        """Values per class that the hook records after each epoch, by name."""
        return {}

    def gathered(self) -> list[Tensor]:
        """What a rank gathers within an epoch, and the hook sums over ranks."""
        return [getattr(self, name) for name in self._gathered]

    def extra_repr(self) -> str:
        """Every argument of the constructors by name, as far as it is a plain attribute."""
        names: dict[str, None] = {}
        for owner in type(self).__mro__:
            if issubclass(owner, LossState):
                names.update(dict.fromkeys(inspect.signature(owner.__init__).parameters))
        shown = {name: getattr(self, name) for name in names if name in vars(self)}
        return ", ".join(f"{name}={value!r}" for name, value in shown.items())

    def class_lengths(self) -> list[int]:
        """Number of classes of each class buffer; 0 for those not filled yet."""
        return [len(getattr(self, name)) for name in self._class_buffers]

    def _apply(self, fn, recurse: bool = True):
        before = {name: buffer for name, buffer in self._buffers.items() if buffer is not None}
        super()._apply(fn, recurse)
        for name, buffer in before.items():
            after = self._buffers[name]
            if after.dtype != buffer.dtype:
                self._buffers[name] = buffer.to(after.device)
        return self

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        # A model built for testing has no dataset to size its buffers by: the checkpoint does it.
        for name in self._class_buffers:
            stored = state_dict.get(prefix + name)
            if stored is not None and getattr(self, name).shape[0] == 0:
                setattr(self, name, getattr(self, name).new_zeros(stored.shape))
        super()._load_from_state_dict(state_dict, prefix, *args)
