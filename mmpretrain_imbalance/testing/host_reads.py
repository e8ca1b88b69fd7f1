"""Which operations of a training step wait for the device."""

from __future__ import annotations

from torch.utils._python_dispatch import TorchDispatchMode

from .counted_step import reads_back


class HostReads(TorchDispatchMode):
    """Lists the operations that would make a GPU be waited for, in the order they run.

    On a CPU it takes every tensor for one of the device: a stricter and simpler view than that of
    :func:`~mmpretrain_imbalance.testing.counted_step.counted_step`.

    Example:
        >>> import torch
        >>> with HostReads() as reads:
        ...     _ = torch.ones(2).sum().item()
        >>> reads.names
        ['_local_scalar_dense']
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if reads_back(name, args, kwargs or {}):
            self.names.append(name)
        return func(*args, **(kwargs or {}))
