"""Count of the operations and host reads that a training step would have on a GPU, measured on a CPU."""

from __future__ import annotations

import functools
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map_only

# PyTorch has no kernels for this device, so every operation on it and every copy to it is dispatched here.
DEVICE = "meta"
VIEWS = frozenset(
    "alias as_strided detach diagonal expand narrow permute select slice split split_with_sizes squeeze t "
    "transpose unbind unfold unsqueeze view _unsafe_view _reshape_alias".split()
)
READS = frozenset(
    "_local_scalar_dense _unique _unique2 bincount equal is_nonzero item masked_select nonzero "
    "unique_consecutive unique_dim".split()
)
INDEXING = ("index", "index_put", "index_put_", "_index_put_impl_")


@dataclass
class StepCount:
    """Operations of a step on tensors of the device.

    Attributes:
        operations: File, line and name of each operation.
        views: Operations that are views, which take no time on the device.
        reads: Operations whose result the host waits for.
        copies: Copies from the host that the host waits for.
    """

    operations: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{len(self.operations)} ({len(self.views)})"


class DeviceTensor(Tensor):
    """Tensor that reports the device ``DEVICE``; its values are in the CPU tensor ``host``."""

    @staticmethod
    def __new__(cls: type[DeviceTensor], host: Tensor) -> DeviceTensor:
        return Tensor._make_wrapper_subclass(
            cls,
            host.shape,
            strides=host.stride(),
            storage_offset=host.storage_offset(),
            dtype=host.dtype,
            device=torch.device(DEVICE),
            requires_grad=host.requires_grad,
        )

    def __init__(self, host: Tensor) -> None:
        self.host = host.detach()

    def tolist(self) -> list[Any]:
        """Copy to the host and convert to a list; the ``tolist`` of PyTorch does not support subclasses."""
        return self.cpu().tolist()

    @classmethod
    def __torch_dispatch__(  # type: ignore[override, unused-ignore]  # torch assigns a function without a class argument
        cls, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        with _CountedOperations():
            return function(*args, **(kwargs or {}))


class _CountedOperations(TorchDispatchMode):  # type: ignore[no-untyped-call, unused-ignore]  # as below
    """Computes operations of the device on the host, and counts them."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call, unused-ignore]  # no annotations in torch
        self.count = StepCount()

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = function.overloadpacket.__name__
        device = kwargs.get("device")
        has_input = any(isinstance(leaf, DeviceTensor) for leaf in tree_leaves((args, kwargs)))
        if name == "copy_":
            has_output = isinstance(args[0], DeviceTensor)
        else:
            has_output = has_input if device is None else torch.device(device).type == DEVICE
        if has_input:
            _check_devices(name, args)
        if has_input or has_output:
            operation = f"{_source_line()} {name}"
            self.count.operations.append(operation)
            if name in VIEWS:
                self.count.views.append(operation)
            if reads_back(name, args, kwargs):
                self.count.reads.append(operation)
            elif _waits_for_copy(name, args, kwargs, has_input, has_output):
                (self.count.copies if has_output else self.count.reads).append(operation)
        on_host = kwargs if device is None else {**kwargs, "device": "cpu"}
        result = function(
            *tree_map_only(DeviceTensor, lambda tensor: tensor.host, args),
            **tree_map_only(DeviceTensor, lambda tensor: tensor.host, on_host),
        )
        if has_output:
            result = tree_map_only(Tensor, DeviceTensor, result)
        # return_and_correct_aliasing has no annotations.
        return return_and_correct_aliasing(  # type: ignore[no-untyped-call, unused-ignore]
            function, args, kwargs, result
        )


def reads_back(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Return whether the host waits for the result: a Python number, or a shape that depends on values."""
    if name == "repeat_interleave":
        return kwargs.get("output_size") is None
    if name in INDEXING:
        # PyTorch uses masked_fill, which does not wait, to assign a single value to the selected elements.
        single = name != "index" and args[2].numel() == 1
        return not single and any(index.dtype in (torch.bool, torch.uint8) for index in _indices(args))
    return name in READS


def _waits_for_copy(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], has_input: bool, has_output: bool
) -> bool:
    """Return whether the operation copies between host and device and is not ``non_blocking``."""
    if name in ("_to_copy", "copy_"):
        source = args[0] if name == "_to_copy" else args[1]
        non_blocking = args[2] if len(args) > 2 else kwargs.get("non_blocking", False)
        return isinstance(source, DeviceTensor) != has_output and not non_blocking
    # Indices on the host are copied to the device first.
    if name not in INDEXING:
        return False
    return has_input and not all(isinstance(index, DeviceTensor) for index in _indices(args))


def _check_devices(name: str, args: tuple[Any, ...]) -> None:
    if name in ("copy_", *INDEXING):
        return
    tensors = [leaf for leaf in tree_leaves(args) if isinstance(leaf, Tensor)]
    if any(tensor.ndim and not isinstance(tensor, DeviceTensor) for tensor in tensors):
        raise RuntimeError(f"Expected all tensors of {name} to be on the same device, at {_source_line()}.")


def _indices(args: tuple[Any, ...]) -> list[Tensor]:
    return [index for index in args[1] if index is not None]


def _source_line() -> str:
    """Return file and line of the package that calls the operation, or the last line outside torch."""
    last = None
    # traceback.extract_stack() would read the source code of every frame, which takes most of a step.
    for frame, line in traceback.walk_stack(sys._getframe()):
        file = frame.f_code.co_filename
        if file == __file__ or "/torch/" in file:
            continue
        if "mmpretrain_imbalance/" in file:
            return _short(file, line)
        last = last or _short(file, line)
    return str(last)


def _short(file: str, line: int) -> str:
    return f"{'/'.join(file.split('/')[-2:])}:{line}"


@contextmanager
def counted_step() -> Iterator[StepCount]:
    """Count the operations of a block on tensors of ``DEVICE``; the device can be used in this block only."""

    def create_by_copy(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        # If PyTorch creates a tensor from Python numbers on this device, the tensor has no values.
        @functools.wraps(function)
        def create(values: Any, *args: Any, device: Any = None, **kwargs: Any) -> Tensor:
            first_device = None if device is None or isinstance(values, DeviceTensor) else "cpu"
            tensor = function(values, *args, device=first_device, **kwargs)
            return tensor if device is None else tensor.to(device)

        return create

    with ExitStack() as stack:
        for name in ("tensor", "as_tensor"):
            stack.enter_context(mock.patch.object(torch, name, create_by_copy(getattr(torch, name))))
        # Autocast does not support this device.
        stack.enter_context(mock.patch.object(torch, "autocast", return_value=nullcontext()))
        yield stack.enter_context(_CountedOperations()).count


def to_device(module: nn.Module) -> nn.Module:
    """Move the parameters and buffers of a module to ``DEVICE``, in place."""
    for part in module.modules():
        for name, parameter in part._parameters.items():
            if parameter is not None:
                part._parameters[name] = nn.Parameter(DeviceTensor(parameter))
        for name, buffer in part._buffers.items():
            if buffer is not None:
                part._buffers[name] = DeviceTensor(buffer)
    return module
