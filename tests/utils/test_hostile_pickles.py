"""Malicious pickles neither load nor end the process, and valid pickles load.

The files are read in forked processes, because a malicious pickle crashes a reader that does not validate it.
"""

from __future__ import annotations

import faulthandler
import functools
import io
import os
import pickle
import signal
import zipfile
from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader

from mmpretrain_imbalance.datasets.readers.plain_pickle import read_plain_pickle
from tests.utils import hostile_pickles as hostile
from tests.utils.hostile_pickles import DTYPE, POINTERS, Global, array, assemble, build, call, dtype, new

BUFFER = Global("mmengine.logging.history_buffer.HistoryBuffer")
ONE_CYCLE = Global("mmengine.optim.scheduler.param_scheduler.OneCycleParamScheduler")
GETATTR = Global("builtins.getattr")
METHODS = {name: call(GETATTR, BUFFER, name) for name in ("min", "max", "current", "mean")}


def buffer_state(**changes: Any) -> dict:
    histories = {"_log_history": array(), "_count_history": array(of=dtype("i8"))}
    return {"max_length": 100, **histories, "statistics_methods": METHODS, **changes}


def mmengine_pickles() -> dict[str, Any]:
    pickles: dict[str, Any] = {}
    two_by_two = array(shape=(2, 2), content=bytes(32))
    wrong: dict[str, list] = {
        "max_length": [0, -1, True, 1.5, "9", None, [], array()],
        "_log_history": [[1.0], None, 1.0, "1", hostile.EMPTY_ARRAY, dtype(), BUFFER, two_by_two],
        "_count_history": [[1], None, array(shape=(2,), content=bytes(16)), array(shape=()), two_by_two],
    }
    wrong["_log_history"] += [array(of=dtype("O8")), array(of=dtype("c8"))]
    for field, values in wrong.items():
        for value in values:
            pickles[f"buffer with {field} {value}"] = build(new(BUFFER), buffer_state(**{field: value}))
    states = [{}, None, (), [], "state", {"max_length": 1}, buffer_state(data=1), buffer_state(update=BUFFER)]
    for state in states:
        pickles[f"buffer with the state {state}"] = build(new(BUFFER), state)
        pickles[f"buffer with the slots {state}"] = build(new(BUFFER), (None, state))
    for attributes in [{"__class__": ONE_CYCLE}, {"_buffer": 1}, {"resolve": BUFFER}]:
        pickles[f"buffer with slots {attributes}"] = build(new(BUFFER), (buffer_state(), attributes))
    for arguments in [([1.0], [1]), ([1.0], [1], 9), (array(), array()), (1,)]:
        pickles[f"buffer called with {arguments}"] = call(BUFFER, *arguments)
        pickles[f"buffer made from {arguments}"] = new(BUFFER, *arguments)
        pickles[f"buffer with content, made from {arguments}"] = build(
            call(BUFFER, *arguments), buffer_state()
        )
    of_rows = buffer_state(_log_history=two_by_two, _count_history=two_by_two)
    pickles["buffer of rows of numbers"] = build(new(BUFFER), of_rows)
    for attributes in [{}, {"anneal_func": GETATTR}]:
        pickles[f"schedule with {attributes}"] = build(new(ONE_CYCLE), attributes)
    names = (
        "__init__ __class__ __subclasses__ __dict__ __globals__ __setstate__ __reduce__ __mro__ tofile step"
    )
    names += " register_statistics update statistics _statistics_methods"
    owners = [BUFFER, ONE_CYCLE, GETATTR, hostile.NDARRAY, DTYPE, Global("collections.OrderedDict")]
    for owner in [*owners, Global("torch.Tensor"), METHODS["mean"], array(), new(BUFFER), "text", None]:
        for name in names.split():
            pickles[f"{name} of {owner}"] = call(GETATTR, owner, name)
    wrong_arguments = [
        (),
        (BUFFER,),
        (BUFFER, "mean", None),
        (BUFFER, b"mean"),
        ("mean", BUFFER),
        ([], "mean"),
    ]
    for arguments in wrong_arguments:
        pickles[f"getattr called with {arguments}"] = call(GETATTR, *arguments)
    for owner, name in [(ONE_CYCLE, "mean"), (BUFFER, "_annealing_cos"), (array(), "mean")]:
        pickles[f"{name} of {owner}"] = call(GETATTR, owner, name)
    pickles["a method called"] = call(METHODS["mean"], build(new(BUFFER), buffer_state()))
    pickles["a method changed"] = build(METHODS["mean"], (None, {"__defaults__": (1,)}))
    buffer_of_bytes = call(Global("builtins.bytearray"), POINTERS)
    pickles["array over a bytearray"] = array(content=buffer_of_bytes)
    from_numpy = Global("torch._utils._rebuild_device_tensor_from_numpy")
    pickles["tensor over an array"] = call(from_numpy, array(), Global("torch.float64"), "cpu", False)
    record = {"buffer": build(new(BUFFER), buffer_state())}
    return pickles | hostile.operations_on([BUFFER.name, ONE_CYCLE.name, GETATTR.name], record)


def doubled_lists(times: int) -> bytes:
    """Return operations that leave a list of 2**times items in the memo; each list is twice in the next."""
    first = b"]q\0K\0a"
    return first + b"".join(
        b"]q%ch%cah%ca" % (number, number - 1, number - 1) for number in range(1, times + 1)
    )


@functools.cache
def empty_checkpoint() -> dict[str, bytes]:
    """Content of the files in an archive of torch.save."""
    saved = io.BytesIO()
    torch.save({}, saved)
    with zipfile.ZipFile(saved) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_checkpoint(path: Path, content: bytes) -> Path:
    """Write a file in the format of torch.save with the given pickle."""
    path.unlink(missing_ok=True)  # on some disks, this is much faster than to empty the file
    with zipfile.ZipFile(path, "w") as archive:
        for name, empty in empty_checkpoint().items():
            archive.writestr(name, content if name.endswith("data.pkl") else empty)
    return path


def load_checkpoint(path: Path, content: bytes) -> Any:
    return CheckpointLoader.load_checkpoint(str(write_checkpoint(path, content)), "cpu", logger="silent")


def load_plain_pickle(path: Path, content: bytes) -> Any:
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    return read_plain_pickle(path)


def outcomes(
    pickles: dict[str, bytes], load: Callable[[bytes], Any], error_type: type[Exception]
) -> dict[str, str]:
    """Return for each 'rejected', 'loaded', 'another error', or 'crashed' if the process ended."""
    words = ["rejected", "loaded", "another error"]
    waiting, found = list(pickles), {}
    while waiting:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            faulthandler.disable()  # crashes are expected here
            for name in waiting:
                signal.alarm(60)
                try:
                    repr(load(pickles[name]))
                    word = "loaded"
                except error_type:
                    word = "rejected"
                except BaseException:
                    word = "another error"
                os.write(write, bytes([words.index(word)]))
            os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as file:
            codes = file.read()
        os.waitpid(child, 0)
        found.update({name: words[code] for name, code in zip(waiting, codes)})
        if len(codes) < len(waiting):
            found[waiting[len(codes)]] = "crashed"
        waiting = waiting[len(codes) + 1 :]
    return found


@pytest.mark.parametrize(
    ("load", "error_type"), [(load_checkpoint, UnpicklingError), (load_plain_pickle, ValueError)]
)
def test_malicious_pickles_are_rejected(tmp_path: Path, load: Callable, error_type: type[Exception]) -> None:
    values = hostile.numpy_pickles() | hostile.names_not_allowed()
    if load is load_checkpoint:
        values |= mmengine_pickles()
    pickles = {name: assemble(value) for name, value in values.items()}
    assert len(pickles) >= 200

    found = outcomes(pickles, lambda content: load(tmp_path / "file", content), error_type)

    assert {name: outcome for name, outcome in found.items() if outcome != "rejected"} == {}
    assert len(found) == len(pickles)


@pytest.mark.parametrize(
    ("load", "error_type"), [(load_checkpoint, UnpicklingError), (load_plain_pickle, ValueError)]
)
def test_error_of_a_deeply_nested_pickle_is_short_and_fast(
    tmp_path: Path, load: Callable, error_type: type[Exception]
) -> None:
    """The complete state would not fit into any message."""
    dtype_without_state = assemble(call(DTYPE, "f8", False, True))[2:-1]
    content = b"\x80\x02" + doubled_lists(100) + dtype_without_state + b"h%cb." % 100
    assert outcomes({"it": content}, lambda it: load(tmp_path / "file", it), error_type) == {"it": "rejected"}
    with pytest.raises(error_type, match=r"without objects, fields or sub-arrays. Got \[\[") as error:
        load(tmp_path / "file", content)
    assert len(str(error.value)) < 500 + len(str(tmp_path))


def test_records_do_not_crash_functions_that_torch_allows(tmp_path: Path) -> None:
    """Some of them load, such as an empty tensor. The process must not end."""
    arguments = [(array(),), (array(), array()), (new(BUFFER),), (array(), 0, (1,), (1,)), (POINTERS,), (-1,)]
    values = {
        f"{name} {way} with {given}": operation
        for name in torch._weights_only_unpickler._get_allowed_globals()
        for given in arguments
        for way, operation in {
            "called": call(Global(name), *given),
            "new": new(Global(name), *given),
            "built": build(new(Global(name)), given),
        }.items()
    }
    pickles = {name: assemble(value) for name, value in values.items()}
    found = outcomes(pickles, lambda content: load_checkpoint(tmp_path / "file", content), UnpicklingError)
    assert [name for name, outcome in found.items() if outcome == "crashed"] == []
    assert len(found) == len(pickles) > 1000


VALID = {
    "array": (array(content=np.float64(2.5).tobytes()), np.array([2.5])),
    "array of both orders": (
        array(
            shape=(2, 3),
            of=dtype("i2", (3, ">", None, None, None, -1, -1, 0)),
            fortran=True,
            content=bytes(range(12)),
        ),
        np.frombuffer(bytes(range(12)), ">i2").reshape(3, 2).T,
    ),
    "array without axes": (array(shape=(), content=bytes(8)), np.zeros(())),
    "empty array": (array(shape=(0, 3), content=b""), np.zeros((0, 3))),
    "booleans": (array(shape=(2,), of=dtype("b1"), content=b"\1\0"), np.array([True, False])),
    "number": (call(hostile.SCALAR, dtype("f4"), np.float32(2.5).tobytes()), np.float32(2.5)),
    "dtype": (dtype("u2"), np.dtype("u2")),
    "array of Python 2": (
        array(
            shape=(2,),
            of=build(call(DTYPE, b"u1", 0, 1), (3, b"|", None, None, None, -1, -1, 0)),
            content=b"ab",
        ),
        np.array([97, 98], "u1"),
    ),
}


@pytest.mark.parametrize("load", [load_checkpoint, load_plain_pickle])
@pytest.mark.parametrize("kind", VALID)
def test_valid_pickles_load(tmp_path: Path, load: Callable, kind: str) -> None:
    pickled, expected = VALID[kind]
    first, second = load(tmp_path / "file", assemble([pickled, (pickled,)]))
    for loaded in (first, second[0]):
        assert type(loaded) is type(expected)
        np.testing.assert_array_equal(loaded, expected, strict=not isinstance(expected, np.dtype))
    if isinstance(first, np.ndarray):
        first[...] = 1  # the array owns its memory


def test_valid_buffer_loads(tmp_path: Path) -> None:
    content = assemble({"buffer": build(new(BUFFER), buffer_state(_log_history=VALID["array"][0]))})
    buffer = load_checkpoint(tmp_path / "file", content)["buffer"]
    assert type(buffer) is HistoryBuffer
    assert buffer.current() == 2.5
    assert buffer.max_length == 100


def test_methods_in_a_file_change_no_method_of_the_process(tmp_path: Path) -> None:
    """The buffer of MMEngine uses the methods of a file for every buffer of the process."""
    before = dict(HistoryBuffer._statistics_methods)
    methods = {"mean": call(GETATTR, BUFFER, "max"), "new": call(GETATTR, BUFFER, "min")}
    content = assemble(build(new(BUFFER), buffer_state(statistics_methods=methods)))
    assert type(load_checkpoint(tmp_path / "file", content)) is HistoryBuffer
    assert HistoryBuffer._statistics_methods == before


def by_torch_with_types_of_numpy(path: Path, content: bytes) -> Any:
    kinds = [np.dtype, np.ndarray, np._core.multiarray._reconstruct, np._core.multiarray.scalar]
    with torch.serialization.safe_globals(kinds + [type(np.dtype(code)) for code in "OVd"]):
        return torch.load(write_checkpoint(path, content), weights_only=True)


def by_pickle(path: Path, content: bytes) -> Any:
    return pickle.loads(content, encoding="bytes")


@pytest.mark.parametrize("load", [by_torch_with_types_of_numpy, by_pickle])
def test_a_reader_that_allows_types_of_numpy_crashes(tmp_path: Path, load: Callable) -> None:
    """These files must be rejected, and ``outcomes`` distinguishes a crash from an error."""
    objects = call(DTYPE, "O8", False, True)
    fields = (3, "|", None, ("a",), {"a": (objects, 0)}, 8, 1, 63)
    values = {
        "ndarray called": call(hostile.NDARRAY, (1,), objects, POINTERS),
        "ndarray made": new(hostile.NDARRAY, (1,), objects, POINTERS),
        "dtype with fields": call(hostile.NDARRAY, (1,), dtype("V8", fields), POINTERS),
    }
    pickles = {name: assemble(value) for name, value in values.items()}
    found = outcomes(pickles, lambda content: load(tmp_path / "file", content), UnpicklingError)
    assert set(found.values()) == {"crashed"}
    rejected = outcomes(pickles, lambda content: load_checkpoint(tmp_path / "file", content), UnpicklingError)
    assert set(rejected.values()) == {"rejected"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x80\x02}r\xff\xff\xff\x0f.", "fewer values than its 9 bytes"),  # the operation needs 4 GB
        (b"\x80\x02})" + b"\x85" * 1_000_000 + b"K\x01s.", "at most 10000 tuples"),  # too deep for the stack
        (b"]" * 9_999 + b"a" * 9_998 + b".", "recursion"),
        (assemble(call(Global("_codecs.encode"), "a", "utf16")), "bytes as latin1 text"),
        (assemble(call(Global("a\x1b[2J.b"))), r"it names a.x1b.2J.b"),
        (assemble([1]) + assemble([2]), "one pickle. Got '24 bytes after it'"),
    ],
)
def test_short_pickles_do_not_exhaust_memory_or_stack(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        load_plain_pickle(tmp_path / "file", content)
