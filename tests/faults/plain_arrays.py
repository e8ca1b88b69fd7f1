"""Short readers of the binary formats: what the arrays of a file plainly hold."""

from __future__ import annotations

import ast
import codecs
import gzip
import io
import pickle
import re
import struct
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tests.faults.plain_readers import Labels, json_of, word_label


def npy(path: Path) -> np.ndarray:
    """Array of a .npy file, by its header as a literal of Python and the bytes after it."""
    content = path.read_bytes()
    size = 2 if content[6] == 1 else 4
    begin = 8 + size + int.from_bytes(content[8 : 8 + size], "little")
    header = ast.literal_eval(
        content[8 + size : begin].decode("utf-8" if content[6] == 3 else "latin-1").strip()
    )
    order, shape, dtype = "F" if header["fortran_order"] else "C", header["shape"], np.dtype(header["descr"])
    count = int(np.prod(shape, dtype=object))
    return np.frombuffer(content, dtype, count, begin).reshape(shape, order=order)  # type: ignore[call-overload]


def label_store(folder: Path) -> Labels:
    """Labels of the arrays, whose types and lengths are those of the manifest."""
    manifest = json_of(folder / "manifest.json")
    arrays = {}
    for name, entry in manifest["arrays"].items():
        content, dtype = (folder / f"{name}.npy").read_bytes(), np.dtype(entry["dtype"])
        arrays[name] = np.frombuffer(
            content[len(content) - entry["shape"][0] * dtype.itemsize :], dtype
        ).tolist()
    images = []
    for image in range(len(arrays["indptr"]) - 1):
        row = [manifest["default_label"]] * len(manifest["class_names"])
        for element in range(*arrays["indptr"][image : image + 2]):
            row[arrays["classes"][element]] = arrays["values"][element]
        name = bytes(arrays["name_bytes"][slice(*arrays["name_offsets"][image : image + 2])])
        images.append((name.decode(), row))
    return manifest["class_names"], images


def feature_store(folder: Path) -> Any:
    manifest = json_of(folder / "feature_store.json")
    features = npy(folder / "features.npy")
    shape = manifest["num_images"], manifest["num_features"]
    return features.astype(manifest["dtype"]).reshape(shape).tobytes(), label_store(folder / "labels")


def single_positive(folder: Path) -> Labels:
    matrix, names = npy(folder / "labels.npy"), npy(folder / "images.npy")
    texts = [name.decode() if isinstance(name, bytes) else name for name in names.tolist()]
    return [str(number) for number in range(matrix.shape[1])], list(zip(texts, matrix.astype(int).tolist()))


def pseudo_labels(given: Any, num_classes: int) -> list[list[int]]:
    """Read pseudo-labels of two images with the package, and look all of them up."""
    import torch

    given.num_images = 2
    given.read(num_classes)
    return given(torch.arange(2), num_classes).tolist()


def matlab_vector(path: Path) -> list[float]:
    """Numbers of the variable GT of a file that `scipy.io.savemat` wrote, whose layout is known."""
    content = path.read_bytes()
    begin = re.search(rb"\x02\x00GT..", content, re.DOTALL).end()  # type: ignore[union-attr]
    kind, size = struct.unpack_from("<II", content, begin)
    if kind >> 16:
        kind, size, begin = kind & 0xFFFF, kind >> 16, begin - 4
    code = {1: "b", 2: "B", 3: "h", 4: "H", 5: "i", 6: "I", 7: "f", 9: "d", 12: "q", 13: "Q"}[kind]
    return [
        float(number) for (number,) in struct.iter_unpack(f"<{code}", content[begin + 8 : begin + 8 + size])
    ]


def clothing(folder: Path) -> Labels:
    names: list[str] = []
    columns = []
    for path in sorted((folder / "labels").iterdir()):
        values = matlab_vector(path)
        attribute = path.name.removesuffix("_GT.mat")
        count = {"category": 7, "neckline": 3, "sleevelength": 3}.get(attribute, 2)
        for value in [2] if count == 2 else range(1, count + 1):
            names.append(attribute if count == 2 else f"{attribute}_{value}")
            columns.append([-1 if found != found else int(found == value) for found in values])
    return names, [(f"{row + 1:06d}.jpg", list(labels)) for row, labels in enumerate(zip(*columns))]


class _Record:
    """What a pickle calls and builds, without doing it."""

    def __init__(self, name: str, arguments: tuple = ()) -> None:
        self.name, self.arguments, self.state = name, arguments, None

    def __call__(self, *arguments: Any) -> _Record:
        return _Record(self.name, arguments)

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _PlainUnpickler(pickle._Unpickler):  # type: ignore[name-defined]  # the one that is written in Python
    dispatch: ClassVar = dict(pickle._Unpickler.dispatch)  # type: ignore[attr-defined]

    def load_appends(self) -> None:
        """Append nothing to any object, as the unpickler in C does."""
        if self.stack:
            super().load_appends()
        else:
            self.pop_mark()

    dispatch[pickle.APPENDS[0]] = load_appends

    def find_class(self, module: str, name: str) -> Any:
        return codecs.encode if (module, name) == ("_codecs", "encode") else _Record(f"{module}.{name}")


def unpickled(path: Path) -> Any:
    """Content of a pickle, with a record for all that is no plain type of Python."""
    return _PlainUnpickler(io.BytesIO(path.read_bytes()), encoding="bytes").load()


def cifar(root: Path) -> Labels:
    folder = root / "cifar-10-batches-py"
    batch, meta = unpickled(folder / "test_batch"), unpickled(folder / "batches.meta")
    names = meta.get(b"label_names", meta.get("label_names"))
    texts = [name.decode() if isinstance(name, bytes) else name for name in names]
    labels = batch.get(b"labels", batch.get("labels"))
    rows = [[int(number == label) for number in range(len(texts))] for label in labels]
    return texts, [(f"test_{number:05d}", row) for number, row in enumerate(rows)]


def pickled_list(folder: Path) -> Labels:
    content = unpickled(folder / "img_id.pkl")
    found = []
    for item in content if isinstance(content, (list, tuple)) else [content]:
        text = item.decode() if isinstance(item, bytes) else str(item)
        for name, keys, row in (
            ("train2017/000000391895.jpg", ("train2017/000000391895.jpg", "000000391895"), [0, 1]),
            ("a b.jpg", ("a b.jpg", "a b"), [1, 0]),
        ):
            is_number = text.strip().isdecimal() and int(text) == 391895 and row == [0, 1]
            if text.strip() in keys or is_number:
                found.append((name, row))
    return ["cat", "dog"], found


def last_checkpoint(folder: Path) -> str:
    named = (folder / "last_checkpoint").read_bytes().decode("utf-8", "replace").strip().rpartition("/")[2]
    return named if named in ("epoch_1.pth", "epoch_2.pth", "epoch_3.pth") else "epoch_3.pth"


def parquet(path: Path) -> Labels:
    import pyarrow.parquet

    columns = pyarrow.parquet.read_table(path).to_pydict()
    cells = zip(columns["image"], columns["cat"], columns["dog"])

    def label(value: Any) -> int:
        return -1 if value is None or value != value else word_label(str(value))

    return ["cat", "dog"], [
        (image.strip().replace("\\", "/"), [label(cat), label(dog)]) for image, cat, dog in cells
    ]


def mnist(folder: Path) -> list[list[int]]:
    arrays = []
    for kind, header in (("images-idx3", 16), ("labels-idx1", 8)):
        arrays.append(list(gzip.decompress((folder / f"t10k-{kind}-ubyte.gz").read_bytes())[header:]))
    return arrays
