"""Operations of a training step that wait for the device."""

from __future__ import annotations

from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

from .counted_step import reads_back


class HostReads(TorchDispatchMode):  # type: ignore[no-untyped-call, unused-ignore]  # no annotations in torch
    """Records the operations for which the host waits for a GPU, in their order.

    On a CPU, every tensor counts as a tensor of the device. This is stricter and simpler than
    ``mmpretrain_imbalance.testing.counted_step.counted_step``.

    Example:
        >>> import torch
        >>> with HostReads() as reads:
        ...     _ = torch.ones(2).sum().item()
        >>> reads.names
        ['_local_scalar_dense']
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call, unused-ignore]  # no annotations in torch
        self.names: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = func.overloadpacket.__name__
        if reads_back(name, args, kwargs or {}):
            self.names.append(name)
        return func(*args, **(kwargs or {}))
