"""Parquet files, and folders of Hugging Face datasets, which are Arrow files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ...utils.json_content import parse_json
from .cell_words import Cell
from .optional_packages import import_reader
from .table_source import Chunk, TableSource, table_error

_ROWS = 8192


def open_parquet(path: str) -> TableSource:
    """Open a Parquet file.

    Args:
        path: The file.

    Returns:
        The table.

    Raises:
        ImportError: If pyarrow is missing.
        ValueError: If the file is damaged.
    """
    parquet = import_reader("pyarrow.parquet", "a Parquet file")
    pyarrow = import_reader("pyarrow", "a Parquet file")
    try:
        schema = parquet.ParquetFile(path).schema_arrow
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _damaged(path, "Parquet", error) from None

    def batches() -> Iterator[Any]:
        yield from parquet.ParquetFile(path).iter_batches(batch_size=_ROWS)

    return _open(path, "Parquet", schema, batches, _features(schema.metadata))


def open_hugging_face(path: str) -> TableSource:
    """Open a folder that ``datasets.Dataset.save_to_disk`` wrote.

    Args:
        path: The folder, with ``state.json``, ``dataset_info.json`` and Arrow files.

    Returns:
        The table.

    Raises:
        ImportError: If pyarrow is missing.
        ValueError: If the folder is none, has several splits, or is damaged.
    """
    name = "Hugging Face dataset"
    if os.path.isfile(os.path.join(path, "dataset_dict.json")):
        splits = _read_json(path, "dataset_dict.json").get("splits", [])
        found = f"a folder with the splits {', '.join(map(str, splits))}"
        first = os.path.join(path, str(splits[0]) if splits else "train")
        raise table_error(path, name, "one split", found, f"Name the folder of one split, such as {first}.")
    if not os.path.isfile(os.path.join(path, "state.json")):
        raise ValueError(
            f"The table {path} must be a file, or a folder that Dataset.save_to_disk of Hugging Face wrote. "
            "Got a folder without state.json instead. Name the table itself."
        )
    state = _read_json(path, "state.json")
    if state.get("_indices_data_files"):
        raise table_error(
            path,
            name,
            "rows in their order",
            "a selection of rows",
            "Call flatten_indices() before saving it.",
        )
    files = [os.path.join(path, str(file["filename"])) for file in state.get("_data_files") or []]
    features = _read_json(path, "dataset_info.json").get("features") or {}
    ipc = import_reader("pyarrow.ipc", "a Hugging Face dataset")
    pyarrow = import_reader("pyarrow", "a Hugging Face dataset")
    if not files:
        raise table_error(path, name, "rows", "no data files", "Save the dataset again.")

    def batches() -> Iterator[Any]:
        for file in files:
            with pyarrow.memory_map(file) as mapped, ipc.open_stream(mapped) as reader:
                yield from reader

    try:
        with pyarrow.memory_map(files[0]) as mapped, ipc.open_stream(mapped) as reader:
            schema = reader.schema
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(path, name, error) from None
    return _open(path, name, schema, batches, features or _features(schema.metadata))


def _open(path: str, name: str, schema: Any, batches: Any, features: dict[str, Any]) -> TableSource:
    pyarrow = import_reader("pyarrow", f"a {name} file")
    class_names = {column: names for column in features if (names := _names_of_classes(features[column]))}
    source = TableSource(path, name, list(map(str, schema.names)), lambda: iter(()), class_names=class_names)
    for field in schema:
        if pyarrow.types.is_binary(field.type) or pyarrow.types.is_large_binary(field.type):
            source.unreadable[field.name] = "bytes"
    if len(set(source.header)) < len(source.header):
        raise source.error("different column names", "the same name twice", "Rename a column.")

    def read() -> Iterator[Chunk]:
        start = 0
        try:
            for batch in batches():
                for begin in range(0, batch.num_rows, _ROWS):
                    part = batch.slice(begin, _ROWS)
                    columns = [
                        _cells(source, header, column, class_names.get(header))
                        for header, column in zip(source.header, part.columns)
                    ]
                    yield Chunk(np.arange(start + 1, start + part.num_rows + 1), columns)
                    start += part.num_rows
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
            raise _damaged(path, name, error) from None

    source.read = read
    return source


def _cells(source: TableSource, header: str, column: Any, class_names: list[str] | None) -> Sequence[Cell]:
    pyarrow, compute = import_reader("pyarrow", "Parquet"), import_reader("pyarrow.compute", "Parquet")
    kinds = pyarrow.types
    if kinds.is_dictionary(column.type):
        column = column.dictionary_decode()
    if kinds.is_struct(column.type):
        return _image_names(source, header, column)
    if (
        kinds.is_list(column.type)
        or kinds.is_large_list(column.type)
        or kinds.is_fixed_size_list(column.type)
    ):
        named = _namer(class_names)
        return ["" if cell is None else tuple(map(named, cell)) for cell in column.to_pylist()]
    if class_names is not None:
        named = _namer(class_names)
        return ["" if cell is None or cell == -1 else (named(cell),) for cell in column.to_pylist()]
    if header in source.unreadable:
        return [""] * len(column)
    if kinds.is_floating(column.type):
        column = compute.if_else(compute.is_nan(column), None, column)
    try:
        texts: list[str] = compute.fill_null(column.cast(pyarrow.string()), "").to_pylist()
        return texts
    except pyarrow.ArrowException:
        return ["" if cell is None else str(cell) for cell in column.to_pylist()]


def _namer(class_names: list[str] | None) -> Any:
    def named(value: Any) -> str:
        if class_names is not None and isinstance(value, int) and 0 <= value < len(class_names):
            return class_names[value]
        return str(value)

    return named


def _image_names(source: TableSource, header: str, column: Any) -> Sequence[Cell]:
    """Return the paths of images; bytes within the table are noted as unreadable."""
    cells = column.to_pylist()
    if not any(isinstance(cell, dict) and "path" in cell for cell in cells):
        return ["" if cell is None else str(cell) for cell in cells]
    if any(cell and cell.get("bytes") for cell in cells):
        source.unreadable[header] = "images stored within the table"
    return ["" if not cell else str(cell.get("path") or "") for cell in cells]


def _names_of_classes(feature: Any) -> list[str] | None:
    """Return the names of a ClassLabel feature, or of a list of them."""
    if isinstance(feature, list) and len(feature) == 1:
        feature = feature[0]
    while isinstance(feature, dict) and feature.get("_type") in ("Sequence", "List", "LargeList"):
        feature = feature.get("feature")
    if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and feature.get("names"):
        return list(map(str, feature["names"]))
    return None


def _features(metadata: Any) -> dict[str, Any]:
    try:
        features = parse_json((metadata or {})[b"huggingface"], "The metadata")["info"]["features"]
    except (KeyError, TypeError, ValueError):
        return {}
    return features if isinstance(features, dict) else {}


def _read_json(folder: str, name: str) -> dict[str, Any]:
    path = os.path.join(folder, name)
    try:
        with open(path, "rb") as file:
            content = parse_json(file.read(), f"The file {path}")
    except OSError as error:
        raise _damaged(folder, "Hugging Face dataset", error) from None
    return content if isinstance(content, dict) else {}


def _damaged(path: str, name: str, error: BaseException) -> ValueError:
    return table_error(
        path, name, "readable data", f"{type(error).__name__}: {str(error)[:150]}", "Copy or save it again."
    )
