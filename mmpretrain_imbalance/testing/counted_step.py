"""Counts what a training step asks of a GPU, on a machine that has none."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from unittest import mock

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map_only

# No backend of PyTorch owns this device: every operation on it, and every copy to it, passes through here.
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
    """The operations of a step on tensors of the device.

    Attributes:
        operations: File, line and name of each operation.
        views: Those of them that are views, which do no work.
        reads: Those for which the host waits because it must know their result.
        copies: Copies from the host for which the host waits.
    """

    operations: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{len(self.operations)} ({len(self.views)})"


class DeviceTensor(Tensor):
    """A tensor that is on the device for everybody who asks; ``host`` has its values."""

    @staticmethod
    def __new__(cls, host: Tensor) -> DeviceTensor:
        return Tensor._make_wrapper_subclass(
            cls,
            host.shape,
            strides=host.stride(),
            storage_offset=host.storage_offset(),
            dtype=host.dtype,
            device=DEVICE,
            requires_grad=host.requires_grad,
        )

    def __init__(self, host: Tensor) -> None:
        self.host = host.detach()

    def tolist(self) -> list:
        """Copy to the host first, as a tensor of a GPU does; PyTorch has no ``tolist`` of a subclass."""
        return self.cpu().tolist()

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        with _CountedOperations():
            return function(*args, **(kwargs or {}))


class _CountedOperations(TorchDispatchMode):
    """Computes operations of the device on the host, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.count = StepCount()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = function.overloadpacket.__name__
        device = kwargs.get("device")
        takes = any(isinstance(leaf, DeviceTensor) for leaf in tree_leaves((args, kwargs)))
        if name == "copy_":
            gives = isinstance(args[0], DeviceTensor)
        else:
            gives = takes if device is None else torch.device(device).type == DEVICE
        if takes:
            _check_devices(name, args)
        if takes or gives:
            place = f"{_source_line()} {name}"
            self.count.operations.append(place)
            if name in VIEWS:
                self.count.views.append(place)
            if reads_back(name, args, kwargs):
                self.count.reads.append(place)
            elif _waits_for_a_copy(name, args, kwargs, takes, gives):
                (self.count.copies if gives else self.count.reads).append(place)
        on_host = kwargs if device is None else {**kwargs, "device": "cpu"}
        result = function(
            *tree_map_only(DeviceTensor, lambda tensor: tensor.host, args),
            **tree_map_only(DeviceTensor, lambda tensor: tensor.host, on_host),
        )
        if gives:
            result = tree_map_only(Tensor, DeviceTensor, result)
        return return_and_correct_aliasing(function, args, kwargs, result)


def reads_back(name: str, args: tuple, kwargs: dict) -> bool:
    """Whether the host must know the result: a number, or a shape that depends on values."""
    if name == "repeat_interleave":
        return kwargs.get("output_size") is None
    if name in INDEXING:
        # A single value for the chosen elements is written by masked_fill instead.
        single = name != "index" and args[2].numel() == 1
        return not single and any(index.dtype in (torch.bool, torch.uint8) for index in _indices(args))
    return name in READS


def _waits_for_a_copy(name: str, args: tuple, kwargs: dict, takes: bool, gives: bool) -> bool:
    """Whether a copy between host and device is not ``non_blocking``."""
    if name in ("_to_copy", "copy_"):
        source = args[0] if name == "_to_copy" else args[1]
        non_blocking = args[2] if len(args) > 2 else kwargs.get("non_blocking", False)
        return isinstance(source, DeviceTensor) != gives and not non_blocking
    # Indices that are on the host are copied first.
    return name in INDEXING and takes and not all(isinstance(index, DeviceTensor) for index in _indices(args))


def _check_devices(name: str, args: tuple) -> None:
    if name in ("copy_", *INDEXING):
        return
    tensors = [leaf for leaf in tree_leaves(args) if isinstance(leaf, Tensor)]
    if any(tensor.ndim and not isinstance(tensor, DeviceTensor) for tensor in tensors):
        raise RuntimeError(f"Expected all tensors of {name} to be on the same device, at {_source_line()}.")


def _indices(args: tuple) -> list[Tensor]:
    return [index for index in args[1] if index is not None]


def _source_line() -> str:
    """File and line of the package that an operation comes from; the last line outside of torch otherwise."""
    frames = [
        frame
        for frame in traceback.extract_stack()
        if frame.filename != __file__ and "/torch/" not in frame.filename
    ]
    ours = [frame for frame in frames if "mmpretrain_imbalance/" in frame.filename] or frames
    return f"{'/'.join(ours[-1].filename.split('/')[-2:])}:{ours[-1].lineno}"


@contextmanager
def counted_step() -> Iterator[StepCount]:
    """Count the operations of a block on tensors of ``DEVICE``, which exists in this block only."""

    def by_a_copy(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        # PyTorch makes tensors of Python numbers on this device without values.
        @functools.wraps(function)
        def made(values, *args, device=None, **kwargs) -> Tensor:
            here = None if device is None or isinstance(values, DeviceTensor) else "cpu"
            tensor = function(values, *args, device=here, **kwargs)
            return tensor if device is None else tensor.to(device)

        return made

    with ExitStack() as stack:
        for name in ("tensor", "as_tensor"):
            stack.enter_context(mock.patch.object(torch, name, by_a_copy(getattr(torch, name))))
        # There is no autocast for it.
        stack.enter_context(mock.patch.object(torch, "autocast", return_value=nullcontext()))
        yield stack.enter_context(_CountedOperations()).count


def to_device(module: nn.Module) -> nn.Module:
    """Move the parameters and buffers of a module, in place."""
    for part in module.modules():
        for name, parameter in part._parameters.items():
            if parameter is not None:
                part._parameters[name] = nn.Parameter(DeviceTensor(parameter))
        for name, buffer in part._buffers.items():
            if buffer is not None:
                part._buffers[name] = DeviceTensor(buffer)
    return module
