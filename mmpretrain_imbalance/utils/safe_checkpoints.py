"""Loading of MMEngine checkpoints with the weights-only mode of ``torch.load``."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pickle import UnpicklingError
from typing import Any, BinaryIO

import torch
from mmengine.logging import HistoryBuffer
from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler
from mmengine.runner import CheckpointLoader, checkpoint

from ..utils import pickled_numpy
from .environment import environment_variables
from .pickled_numpy import PickledArray, PickledRecord, resolve, unpickling_error
from .printable import printable

# Environment variables of torch: the first makes every torch.load weights-only, the second disables this.
_FORCE, _FORBID = "TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
# Errors that a malicious or damaged file may raise. Errors of the file system are not among them.
_FILE_ERRORS = (
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
    """Stand-in for ``HistoryBuffer`` of MMEngine, whose pickled state may change methods of all instances."""

    _buffer: HistoryBuffer | None = None

    def __new__(cls, *arguments: Any) -> PickledHistoryBuffer:
        if arguments:
            raise unpickling_error("a HistoryBuffer without arguments", arguments)
        return super().__new__(cls)

    def __setstate__(self, state: Any) -> None:
        # The methods in the file are not used; a new buffer has the methods of this process.
        fields = {"_count_history", "_log_history", "max_length", "statistics_methods"}
        if type(state) is not dict or {*state} != fields:
            raise unpickling_error(f"a HistoryBuffer by its {', '.join(sorted(fields))}", state)
        histories = [state["_log_history"], state["_count_history"]]
        if not all(isinstance(history, PickledArray) for history in histories):
            raise unpickling_error("a HistoryBuffer of two arrays", histories)
        logs, counts = (history.resolve() for history in histories)
        length = state["max_length"]
        is_valid = logs.ndim == 1 and logs.shape == counts.shape and type(length) is int and length > 0
        if not is_valid or logs.dtype.kind not in "biuf" or counts.dtype.kind not in "biuf":
            raise unpickling_error("a HistoryBuffer of two arrays of numbers with equal lengths", state)
        self._buffer = HistoryBuffer(logs, counts, length)

    def resolve(self) -> HistoryBuffer:
        if self._buffer is None:
            raise unpickling_error("a complete value", self)
        return self._buffer


class PickledOneCycle(PickledRecord):
    """Stand-in for ``OneCycleParamScheduler``; checkpoints refer only to its annealing functions."""

    def __new__(cls, *arguments: Any) -> PickledOneCycle:
        raise unpickling_error("an annealing function of OneCycleParamScheduler", arguments)


_METHODS = {
    (owner, name): getattr(original, name)
    for owner, original, names in (
        (PickledHistoryBuffer, HistoryBuffer, ("current", "max", "mean", "min")),
        (PickledOneCycle, OneCycleParamScheduler, ("_annealing_cos", "_annealing_linear")),
    )
    for name in names
}


class PickledMethod(PickledRecord):
    """Stand-in for ``getattr``: returns one of the few methods to which checkpoints of MMEngine refer."""

    def __new__(cls, *arguments: Any) -> Any:
        if [type(argument) for argument in arguments] != [type, str] or arguments not in _METHODS:
            expected = (
                "a statistics method of HistoryBuffer or an annealing function of OneCycleParamScheduler"
            )
            raise unpickling_error(expected, arguments)
        return _METHODS[arguments]


_STAND_INS = {
    **pickled_numpy.STAND_INS,
    "builtins.getattr": PickledMethod,
    "mmengine.logging.history_buffer.HistoryBuffer": PickledHistoryBuffer,
    "mmengine.optim.scheduler.param_scheduler.OneCycleParamScheduler": PickledOneCycle,
}


def load_weights_only(file: str | os.PathLike[str] | BinaryIO, map_location: Any = None) -> Any:
    """Load a checkpoint of torch or MMEngine without executing code of the file.

    The file may contain tensors, plain types of Python, numbers and arrays of NumPy, and logs and schedules
    of MMEngine.

    Args:
        file: Path of the checkpoint, or a file opened for reading bytes.
        map_location: Device of the tensors, as in ``torch.load``.

    Returns:
        The content of the checkpoint.

    Raises:
        UnpicklingError: If the file contains other types or functions, describes an allowed type in another
            way than its library, or is damaged.
        FileNotFoundError: If the file does not exist.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> torch.save({"weight": torch.ones(2), "loss": HistoryBuffer([3.0, 1.0], [1, 1])}, file)
        >>> load_weights_only(io.BytesIO(file.getvalue()))["loss"].data
        (array([3., 1.]), array([1, 1]))
    """
    return _load_safely(torch.load, file, map_location=map_location, weights_only=True)


def make_checkpoint_loaders_safe() -> None:
    """Make MMEngine load checkpoints in the same way as ``load_weights_only``.

    The package calls this function when it is imported. ``CheckpointLoader.load_checkpoint``, with which
    MMEngine and MMPretrain load every checkpoint, becomes weights-only, both for files and for URLs. The
    OneDL fork of MMEngine loads a file unsafely after the weights-only mode has rejected it; its function for
    this is replaced by ``torch.load``. Other calls of ``torch.load`` do not change. Repeated calls have no
    further effect.
    """
    CheckpointLoader.load_checkpoint = staticmethod(_load_checkpoint)
    if hasattr(checkpoint, "_safe_torch_load"):
        checkpoint._safe_torch_load = torch.load


# The original of MMEngine, which loads local files, http, s3 and others.
_load_by_scheme = CheckpointLoader.load_checkpoint


def _load_checkpoint(filename: str, map_location: Any = None, logger: Any = "current") -> Any:
    return _load_safely(_load_by_scheme, filename, map_location, logger)


def _load_safely(load: Callable[..., Any], file: Any, *arguments: Any, **options: Any) -> Any:
    try:
        with _weights_only_everywhere(), _stand_ins_allowed():
            return resolve(load(file, *arguments, **options))
    except torch.OutOfMemoryError:  # a RuntimeError that is not caused by the content of the file
        raise
    except (*_FILE_ERRORS, OSError) as error:
        # torch reads at a place before the begin of a damaged archive; other errors are of the file system.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        # torch raises a second error with advice, `from None`; the first error contains the reason.
        is_raised_again = isinstance(error.__context__, UnpicklingError) and error.__suppress_context__
        reason = str(error.__context__ if is_raised_again else error).partition(" Please use `torch")[0]
        raise UnpicklingError(
            f"The checkpoint {str(file)!r} must be loadable with weights_only=True of torch.load. Got "
            f"{type(error).__name__} instead: {printable(' '.join(reason.split())[:300])}"
        ) from error


@contextmanager
def _stand_ins_allowed() -> Iterator[None]:
    """Allow the stand-ins; types that the process allows under the same names are removed meanwhile."""
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


def _weights_only_everywhere() -> AbstractContextManager[None]:
    """Make torch.load weights-only even if MMEngine or torch.hub call it with weights_only=False."""
    return environment_variables({_FORCE: "1", _FORBID: None})
