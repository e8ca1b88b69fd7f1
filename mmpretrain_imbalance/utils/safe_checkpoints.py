"""Checkpoints of MMEngine load, and runs resume, with torch's weights-only safety on."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pickle import UnpicklingError
from typing import Any, BinaryIO

import torch
from mmengine.logging import HistoryBuffer
from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler
from mmengine.runner import CheckpointLoader, checkpoint

from ..utils import pickled_numpy
from .pickled_numpy import PickledArray, PickledRecord, refusal, resolve

# torch's own variables: the first makes every torch.load weights-only, the second forbids that.
_FORCE, _FORBID = "TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
# What a file raises that is hostile, cut or changed; errors of the file system go through as they are.
_REJECTIONS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    UnpicklingError,
    ValueError,
    struct.error,
)


class PickledHistoryBuffer(PickledRecord):
    """Stand-in for MMEngine's ``HistoryBuffer``, whose own state changes the methods of all its instances."""

    _buffer: HistoryBuffer | None = None

    def __new__(cls, *arguments: Any) -> PickledHistoryBuffer:
        if arguments:
            raise refusal("a HistoryBuffer without arguments", arguments)
        return super().__new__(cls)

    def __setstate__(self, state: Any) -> None:
        # The methods in the file are not used: a new buffer has those of this process.
        fields = {"_count_history", "_log_history", "max_length", "statistics_methods"}
        if type(state) is not dict or {*state} != fields:
            raise refusal(f"a HistoryBuffer by its {', '.join(sorted(fields))}", state)
        histories = [state["_log_history"], state["_count_history"]]
        if not all(isinstance(history, PickledArray) for history in histories):
            raise refusal("a HistoryBuffer of two arrays", histories)
        logs, counts = (history.resolve() for history in histories)
        length = state["max_length"]
        is_valid = logs.ndim == 1 and logs.shape == counts.shape and type(length) is int and length > 0
        if not is_valid or logs.dtype.kind not in "biuf" or counts.dtype.kind not in "biuf":
            raise refusal("a HistoryBuffer of two rows of numbers of one length", state)
        self._buffer = HistoryBuffer(logs, counts, length)

    def resolve(self) -> HistoryBuffer:
        return super().resolve() if self._buffer is None else self._buffer


class PickledOneCycle(PickledRecord):
    """Stand-in for MMEngine's ``OneCycleParamScheduler``, of which a checkpoint names a curve."""

    def __new__(cls, *arguments: Any) -> PickledOneCycle:
        raise refusal("no OneCycleParamScheduler, only a curve of it", arguments)


_METHODS = {
    (owner, name): getattr(original, name)
    for owner, original, names in (
        (PickledHistoryBuffer, HistoryBuffer, ("current", "max", "mean", "min")),
        (PickledOneCycle, OneCycleParamScheduler, ("_annealing_cos", "_annealing_linear")),
    )
    for name in names
}


class PickledMethod(PickledRecord):
    """Stand-in for ``getattr``: returns one of the few methods that MMEngine's checkpoints name."""

    def __new__(cls, *arguments: Any) -> Callable:
        if [type(argument) for argument in arguments] != [type, str] or arguments not in _METHODS:
            raise refusal("statistics of HistoryBuffer or curves of OneCycleParamScheduler", arguments)
        return _METHODS[arguments]


_STAND_INS = {
    **pickled_numpy.STAND_INS,
    "builtins.getattr": PickledMethod,
    "mmengine.logging.history_buffer.HistoryBuffer": PickledHistoryBuffer,
    "mmengine.optim.scheduler.param_scheduler.OneCycleParamScheduler": PickledOneCycle,
}


def load_weights_only(file: str | os.PathLike | BinaryIO, map_location: Any = None) -> Any:
    """Load a checkpoint of torch or MMEngine, which cannot run code of its own.

    Tensors, Python's plain types, NumPy's numbers and MMEngine's logs and schedules are loaded.

    Args:
        file: Path of the checkpoint, or a file opened for reading bytes.
        map_location: Where tensors go, as in :func:`torch.load`.

    Returns:
        What was saved.

    Raises:
        UnpicklingError: If the file holds another class or function, describes one of these types in
            another way than its library does, or is damaged.
        FileNotFoundError: If there is no such file.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> torch.save({"weight": torch.ones(2), "loss": HistoryBuffer([3.0, 1.0], [1, 1])}, file)
        >>> load_weights_only(io.BytesIO(file.getvalue()))["loss"].data
        (array([3., 1.]), array([1, 1]))
    """
    return _load_safely(torch.load, file, map_location=map_location, weights_only=True)


def make_checkpoint_loaders_safe() -> None:
    """Make MMEngine load checkpoints as :func:`load_weights_only` does; runs when the package is imported.

    ``CheckpointLoader.load_checkpoint``, through which MMEngine and MMPretrain load every checkpoint, becomes
    weights-only for files and for addresses alike. The OneDL fork of MMEngine answers a refusal by loading
    the file unsafely; that function becomes :func:`torch.load`. What :func:`torch.load` accepts elsewhere
    does not change. Calling this twice does no harm.
    """
    CheckpointLoader.load_checkpoint = staticmethod(_load_checkpoint)
    if hasattr(checkpoint, "_safe_torch_load"):
        checkpoint._safe_torch_load = torch.load


_load_by_scheme = CheckpointLoader.load_checkpoint  # MMEngine's own: local files, http, s3 and others


def _load_checkpoint(filename: str, map_location: Any = None, logger: Any = "current") -> Any:
    return _load_safely(_load_by_scheme, filename, map_location, logger)


def _load_safely(load: Callable, file: Any, *arguments: Any, **options: Any) -> Any:
    try:
        with _weights_only_everywhere(), _stand_ins_allowed():
            return resolve(load(file, *arguments, **options))
    except torch.OutOfMemoryError:  # a RuntimeError that says nothing about the file
        raise
    except _REJECTIONS as error:
        # torch raises its error once more, `from None` to give advice; the first has the reason.
        is_raised_again = isinstance(error.__context__, UnpicklingError) and error.__suppress_context__
        reason = str(error.__context__ if is_raised_again else error).partition(" Please use `torch")[0]
        raise UnpicklingError(
            f"The checkpoint {str(file)!r} must load with PyTorch's weights-only safety. Got "
            f"{type(error).__name__} instead: {reason[:300]}"
        ) from error


@contextmanager
def _stand_ins_allowed() -> Iterator[None]:
    """Allow the stand-ins; what the process allows by itself under the same names is set aside."""
    allowed = torch.serialization.get_safe_globals()
    others = [entry for entry in allowed if not _is_replaced(entry)]
    torch.serialization.clear_safe_globals()
    torch.serialization.add_safe_globals(others)
    try:
        with torch.serialization.safe_globals([(stand_in, name) for name, stand_in in _STAND_INS.items()]):
            yield
    finally:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(allowed)


def _is_replaced(entry: Any) -> bool:
    name = entry[1] if isinstance(entry, tuple) else f"{entry.__module__}.{entry.__qualname__}"
    return name in _STAND_INS


@contextmanager
def _weights_only_everywhere() -> Iterator[None]:
    """Make torch.load weights-only where MMEngine or torch.hub ask for the opposite (downloads do)."""
    before = {name: os.environ.get(name) for name in (_FORCE, _FORBID)}
    os.environ[_FORCE] = "1"
    os.environ.pop(_FORBID, None)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
