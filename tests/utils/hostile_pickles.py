"""Malicious pickles, assembled from single operations, because no pickler writes them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Global:
    """The class or function with this dotted name."""

    name: str


@dataclass(frozen=True, eq=False)
class Operation:
    """A pickle operation on one or more values: REDUCE, NEWOBJ, BUILD, APPEND or SETITEM."""

    name: str
    operands: tuple


def call(function: Any, *arguments: Any) -> Operation:
    return Operation("REDUCE", (function, arguments))


def new(cls: Any, *arguments: Any) -> Operation:
    return Operation("NEWOBJ", (cls, arguments))


def build(value: Any, state: Any) -> Operation:
    return Operation("BUILD", (value, state))


def assemble(value: Any) -> bytes:
    """Return a pickle of protocol 2 that describes the value."""
    return b"\x80\x02" + _code(value) + b"."


_OPERATIONS = {"REDUCE": b"R", "NEWOBJ": b"\x81", "BUILD": b"b", "APPEND": b"a", "SETITEM": b"s"}


def _code(value: Any) -> bytes:
    if isinstance(value, Operation):
        return b"".join(map(_code, value.operands)) + _OPERATIONS[value.name]
    if isinstance(value, Global):
        module, _, name = value.name.rpartition(".")
        return f"c{module}\n{name}\n".encode()
    if isinstance(value, bytes):
        return _code(call(Global("_codecs.encode"), value.decode("latin1"), "latin1"))
    if isinstance(value, str):
        return b"X" + struct.pack("<I", len(value.encode())) + value.encode()
    if isinstance(value, int) and not isinstance(value, bool):
        digits = value.to_bytes(16, "little", signed=True)
        return b"\x8a" + bytes([len(digits)]) + digits
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    if isinstance(value, (tuple, list, dict)):
        items = [item for pair in value.items() for item in pair] if isinstance(value, dict) else value
        start, end = {tuple: (b"(", b"t"), list: (b"](", b"e"), dict: (b"}(", b"u")}[type(value)]
        return start + b"".join(map(_code, items)) + end
    return {None: b"N", True: b"\x88", False: b"\x89"}[value]


NDARRAY, DTYPE = Global("numpy.ndarray"), Global("numpy.dtype")
RECONSTRUCT, SCALAR = (Global(f"numpy._core.multiarray.{name}") for name in ("_reconstruct", "scalar"))
NUMPY_NAMES = ["numpy.dtype", "numpy.ndarray"] + [
    f"numpy.{core}.multiarray.{name}" for core in ("core", "_core") for name in ("_reconstruct", "scalar")
]
POINTERS = b"A" * 8  # used as the address of a Python object, this ends the process


def dtype(code: Any = "f8", state: Any = (3, "<", None, None, None, -1, -1, 0)) -> Operation:
    return build(call(DTYPE, code, False, True), state)


EMPTY_ARRAY = call(RECONSTRUCT, NDARRAY, (0,), b"b")


def array_state(
    version: Any = 1, shape: Any = (1,), of: Any = None, fortran: Any = False, content: Any = POINTERS
) -> tuple:
    return version, shape, dtype() if of is None else of, fortran, content


def array(**state: Any) -> Operation:
    return build(EMPTY_ARRAY, array_state(**state))


def numpy_pickles() -> dict[str, Any]:
    """Return malicious descriptions of arrays, numbers and dtypes, with names that describe the attack."""
    pickles: dict[str, Any] = {}
    codes = [
        "O8",
        "O",
        "O4",
        "|O8",
        ">O8",
        "<O8",
        "object",
        "V8",
        "V0",
        "V",
        "U2",
        "S8",
        "a8",
        "M8",
        "m8",
        "T16",
    ]
    codes += [
        "i4,O",
        "f8,f8",
        "(1,)f8",
        "(1,)O",
        "1O",
        "f8:O",
        "P",
        "p",
        "",
        "f3",
        "f-8",
        "x8",
        "8",
        "f8\0",
        "<f8",
    ]
    codes += [8, 8.0, None, b"O8", ["O8"], ("O8",), [("a", "O8")], {"names": ["a"], "formats": ["O8"]}]
    codes += [DTYPE, NDARRAY, EMPTY_ARRAY, dtype(), ("O8", (1,)), True]
    for code in codes:
        of = call(DTYPE, code, False, True)
        pickles[f"dtype {code!r}"] = of
        pickles[f"array of dtype {code!r}"] = array(of=of)
        pickles[f"array of dtype {code!r} with a state"] = array(of=dtype(code))
        pickles[f"number of dtype {code!r}"] = call(SCALAR, of, POINTERS)
    for arguments in [
        (),
        ("f8",),
        ("f8", False),
        ("f8", False, True, {}),
        ("f8", None, None),
        ("f8", [], {}),
    ]:
        pickles[f"dtype called with {arguments}"] = call(DTYPE, *arguments)
        pickles[f"dtype made from {arguments}"] = new(DTYPE, *arguments)
    objects = call(DTYPE, "O8", False, True)
    wrong_items = {
        0: [4, 2, 1, 0, True, 3.0, "3", None],
        1: ["!", "O", "", "<>", "|O", 1, None, ["<"]],
        2: [(objects, (1,)), ("O8", (1,)), (dtype(), (2,)), ()],
        3: [("a",), ["a"], (), "a"],
        4: [{"a": (objects, 0)}, {"a": ("O8", 0)}, {"a": (dtype(), 0)}, {}],
        5: [8, 16, 2**40, None],
        6: [8, 1, None],
        7: [63, 1, 2, 32, -1, None, True],
    }
    good = (3, "|", None, None, None, -1, -1, 0)
    states = [
        (*good[:index], item, *good[index + 1 :]) for index, wrong in wrong_items.items() for item in wrong
    ]
    states += [(), good[:7], (*good, {}), list(good), {}, None, "3", (None, {"_code": "O8"}), {"_code": "O8"}]
    states += [
        (3, "|", None, ("a",), {"a": (objects, 0)}, 8, 1, 63),
        (3, "|", (objects, (1,)), None, None, 8, 1, 63),
    ]
    for state in states:
        pickles[f"dtype with the state {state}"] = array(of=dtype(state=state))
    wrong_states: dict[str, list] = {
        "version": [0, 2, True, 1.0, "1", None],
        "shape": [(-1,), (2,), (0,), (2**40,), (2**62,), (2**100,), (True,), (1.0,), ("1",), (None,), [1], 1],
        "of": ["f8", "O8", DTYPE, NDARRAY, EMPTY_ARRAY, 8, [], ("f8",)],
        "fortran": [0, 1, None, "F", []],
        "content": [
            "A" * 8,
            [1],
            [None],
            None,
            8,
            b"",
            b"A" * 7,
            b"A" * 9,
            ("A",),
            EMPTY_ARRAY,
            array(),
            DTYPE,
        ],
    }
    wrong_states["shape"] += ["1", None, {}, (1,) * 70, (-1, -1), (1, -1), ((1,),), (1, [1])]
    for field, wrong in wrong_states.items():
        for value in wrong:
            pickles[f"array with {field} {value}"] = array(**{field: value})
    for shape in [(0,) * 70, (0, 2**62, 2**62), (0, -1), (0, 2**100)]:
        pickles[f"empty array of shape {shape}"] = array(shape=shape, content=b"")
    pickles["array of booleans that are neither"] = array(of=dtype("b1"), content=b"\2")
    for state in [None, (), {}, [], array_state()[:4], (*array_state(), 0), list(array_state()), "state"]:
        pickles[f"array with the state {state}"] = build(EMPTY_ARRAY, state)
    for attributes in [{"_array": [1]}, {"__class__": DTYPE}, {"__setstate__": None}, {"resolve": DTYPE}]:
        pickles[f"array with attributes {attributes}"] = build(EMPTY_ARRAY, attributes)
        pickles[f"array with slots {attributes}"] = build(EMPTY_ARRAY, (None, attributes))
    pickles["array without content"] = [EMPTY_ARRAY]
    for made in [call(NDARRAY, (1,), dtype()), call(RECONSTRUCT, NDARRAY, (1,), b"b"), new(NDARRAY)]:
        pickles[f"array with content, made by {made}"] = build(made, array_state())
    for of in [objects, dtype(), "O8", None]:
        for arguments in [((1,), of, POINTERS), ((1,), of), ((1,), of, POINTERS, 0, (0,)), ((2**40,), of)]:
            pickles[f"ndarray called with {arguments}"] = call(NDARRAY, *arguments)
            pickles[f"ndarray made from {arguments}"] = new(NDARRAY, *arguments)
    for arguments in [(), (NDARRAY,), (NDARRAY, (1,), b"b"), (NDARRAY, (0,), "b"), (NDARRAY, (0,), b"O")]:
        pickles[f"_reconstruct called with {arguments}"] = call(RECONSTRUCT, *arguments)
    for arguments in [
        (DTYPE, (0,), b"b"),
        (NDARRAY, [0], b"b"),
        (NDARRAY, (0,), b"b", 0),
        (EMPTY_ARRAY, (0,), b"b"),
    ]:
        pickles[f"_reconstruct called with {arguments}"] = call(RECONSTRUCT, *arguments)
    for arguments in [(), (dtype(),), (dtype(), POINTERS, 0), (DTYPE, POINTERS), ("f8", POINTERS)]:
        pickles[f"scalar called with {arguments}"] = call(SCALAR, *arguments)
    for content in ["A" * 8, 8, None, b"", b"A" * 7, b"A" * 9, EMPTY_ARRAY, [1]]:
        pickles[f"number with the content {content}"] = call(SCALAR, dtype(), content)
    pickles["boolean that is neither"] = call(SCALAR, dtype("b1"), b"\2")
    return pickles | operations_on(NUMPY_NAMES, {"dtype": dtype(), "array": array()})


def operations_on(names: list[str], records: dict[str, Any]) -> dict[str, Any]:
    """Return every operation on the names that a reader allows, and on the values of valid files."""
    pickles: dict[str, Any] = {}
    for name in names:
        it = Global(name)
        pickles[f"{name} itself"] = {"a": [it]}
        pickles[f"{name} as a key"] = {it: 1}
        pickles[f"{name} in a set"] = call(Global("builtins.set"), [it])
        pickles[f"{name} called"] = call(it)
        pickles[f"{name} called with itself"] = call(it, it)
        pickles[f"{name} new"] = new(it)
        pickles[f"{name} new with itself"] = new(it, it)
        pickles[f"{name} built"] = build(it, {"__new__": None})
        pickles[f"{name} built by slots"] = build(it, (None, {"__setstate__": None}))
        pickles[f"{name} appended to"] = Operation("APPEND", (it, 1))
        pickles[f"{name} with an item set"] = Operation("SETITEM", (it, "__new__", 1))
    for name, record in records.items():
        pickles[f"{name} as a function"] = call(record)
        pickles[f"{name} as a class"] = new(record)
        pickles[f"{name} as a key"] = {record: 1}
        pickles[f"{name} in a key"] = {(record,): 1}
        pickles[f"{name} appended to"] = Operation("APPEND", (record, 1))
        pickles[f"{name} with an item set"] = Operation("SETITEM", (record, 0, 1))
    return pickles


def names_not_allowed() -> dict[str, Any]:
    """Return names that no reader may allow, alone and called."""
    names = [
        "os.system",
        "posix.system",
        "subprocess.Popen",
        "builtins.eval",
        "builtins.exec",
        "builtins.open",
    ]
    names += ["builtins.__import__", "builtins.vars", "builtins.type", "builtins.object", "pickle.loads"]
    names += [
        "copyreg._reconstructor",
        "functools.partial",
        "operator.attrgetter",
        "ctypes.string_at",
        "sys.exit",
    ]
    names += [
        "numpy.load",
        "numpy.fromfile",
        "numpy.frombuffer",
        "numpy.array",
        "numpy.void",
        "numpy.object_",
    ]
    names += ["numpy.dtypes.Float64DType", "numpy.dtypes.ObjectDType", "numpy.ndarray.__setstate__"]
    names += [
        "numpy.dtype.__setstate__",
        "numpy._core.numeric._frombuffer",
        "numpy._core.multiarray.fromstring",
    ]
    names += ["numpy.memmap", "numpy.recarray", "torch.load", "torch.hub.load", "mmengine.fileio.load"]
    names += ["mmengine.logging.history_buffer.np", "mmpretrain_imbalance.utils.pickled_numpy.PickledArray"]
    return {
        **{f"{name} itself": Global(name) for name in names},
        **{f"{name} called": call(Global(name), "1") for name in names},
    }
