"""JSON exports of Label Studio, complete or JSON-MIN, and JSON annotation files of this package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...utils.found_values import is_text, shown
from ...utils.json_content import parse_json
from ..annotations.json_file import read_annotation_json
from ..label_store.store import LabelStore
from .description import ColumnDescription, TableDescription, counted
from .export_labels import CheckedImage, labels_of_export
from .image_names import has_image_ending, name_of_address
from .table_options import TableOptions
from .table_source import table_error

#: Fields that Label Studio adds to the data of a task in JSON-MIN.
_MIN_FIELDS = {"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement"}


@dataclass
class _Task:
    """One image of an export: its data, and the classes that each annotator chose, by control."""

    data: dict[str, Any]
    annotations: list[dict[str, list[str]]]
    num_skipped: int = 0


def read_json_export(
    path: str, options: TableOptions
) -> tuple[LabelStore, np.ndarray, list[str] | None, TableDescription]:
    """Read a JSON export.

    In an image that was checked, the classes that were not chosen are negative. Images without an annotation,
    or whose annotation was skipped, are unknown.

    Args:
        path: The file.
        options: The options.

    Returns:
        Labels, number of each image's task, groups, and description.

    Raises:
        ValueError: If the file is not such an export.
    """
    content = _load(path)
    if isinstance(content, dict) and isinstance(content.get("data_list"), list):
        return _read_annotations(path)
    tasks = content if isinstance(content, list) else [content]
    if not tasks or not all(isinstance(task, dict) for task in tasks):
        raise _not_an_export(path, "a list of other values" if tasks else "an empty list")
    if "images" in tasks[0] and "categories" in tasks[0]:
        raise _not_an_export(
            path,
            "annotations in the format of COCO",
            "Convert them: python tools/dataset_converters/convert.py coco",
        )
    is_minimal = not any("annotations" in task or "completions" in task for task in tasks)
    if is_minimal and not any("annotation_id" in task or "lead_time" in task for task in tasks):
        keys = ", ".join(map(repr, list(tasks[0])[:8]))
        raise _not_an_export(path, f"objects with the keys {keys}")
    description = TableDescription(path, "JSON", f"Label Studio export{' (JSON-MIN)' if is_minimal else ''}")
    parsed = (
        _minimal_tasks(path, tasks, options.class_column)
        if is_minimal
        else [_complete_task(path, number, task) for number, task in enumerate(tasks, 1)]
    )
    image_key = _image_key(path, parsed, options)
    images = list(_images(path, parsed, image_key, options, description))
    description.columns.append(ColumnDescription(image_key, "image", reason=f"such as {images[0].name}"))
    if is_minimal:
        description.notes.append(
            "a JSON-MIN export lacks the images without annotation: export JSON to keep them"
        )
    skipped = sum(task.num_skipped > 0 and not task.annotations for task in parsed)
    if skipped:
        description.notes.append(f"{counted(skipped, 'skipped image')}, all of whose classes are unknown")
    return labels_of_export(images, [], options, description, unit="task")


def options_of_csv_export(
    header: Sequence[str], options: TableOptions, description: TableDescription
) -> TableOptions:
    """Return the options of a CSV export, whose rows are annotations and thus checked images.

    Args:
        header: Names of the columns of a table.
        options: The options.
        description: Description to which the guesses are added.

    Returns:
        The options, unchanged if the table is not such an export.
    """
    if not {"annotation_id", "lead_time"} <= set(header):
        return options
    if options.not_listed is None:
        description.guess(
            "the rows are annotations of Label Studio: the classes that were not chosen are negative",
            "--not-listed unknown",
        )
    return replace(
        options,
        ignore=[*options.ignore, *(name for name in header if name in _MIN_FIELDS)],
        not_listed=options.not_listed or "negative",
        blank=options.blank or options.not_listed or "negative",
    )


def _images(
    path: str, tasks: Sequence[_Task], image_key: str, options: TableOptions, description: TableDescription
) -> Iterator[CheckedImage]:
    controls = {control for task in tasks for annotation in task.annotations for control in annotation}
    if options.class_column is not None and options.class_column not in controls:
        raise table_error(
            path,
            description.layout,
            f"choices of the control {options.class_column!r}",
            f"the controls {', '.join(map(repr, sorted(controls)))}",
            "Name one of them with --class-column.",
        )
    if options.class_column is None and len(controls) > 1:
        names = ", ".join(f"'{control}'" for control in sorted(controls))
        description.guess(f"the choices of {names} are all classes", "--class-column")
    changed = False
    for number, task in enumerate(tasks, 1):
        address = task.data.get(image_key)
        if not isinstance(address, str) or not is_text(address.strip()):
            raise table_error(
                path,
                description.layout,
                f"the address of an image in {image_key!r} of every task",
                f"{shown(address)} in task {number}",
                "Name another key with --image-column.",
            )
        name = name_of_address(address, options.keep_upload_prefix)
        changed = changed or name != address
        group = None
        if options.group_column is not None:
            group = str(task.data.get(options.group_column) or "")
        chosen = [
            {name for control, names in annotation.items() for name in names if _is_chosen(control, options)}
            for annotation in task.annotations
        ]
        yield CheckedImage(name, number, chosen, bool(chosen) or options.checked == "all", group)
    if changed:
        prefix = "" if options.keep_upload_prefix else " and the 8 characters before uploaded names"
        description.guess(
            f"the image names are the addresses without host, upload folder{prefix}, such as {name}",
            "--keep-upload-prefix",
        )


def _is_chosen(control: str, options: TableOptions) -> bool:
    return options.class_column in (None, control)


def _check(is_right: bool, path: str, number: int, expected: str, found: Any) -> None:
    """Raise an error for a damaged task, which must not become a checked image without classes."""
    if not is_right:
        found = f"{shown(found)} in task {number}"
        raise table_error(path, "Label Studio export", expected, found, "Export it again.")


def _complete_task(path: str, number: int, task: dict[str, Any]) -> _Task:
    """Read the annotations of a task."""

    def check(is_right: bool, expected: str, found: Any) -> None:
        _check(is_right, path, number, expected, found)

    annotations, num_skipped = [], 0
    found = task.get("annotations") or task.get("completions") or []
    check(_are_objects(found), "a list of objects in 'annotations' of every task", found)
    for annotation in found:
        if annotation.get("was_cancelled") or annotation.get("skipped"):
            num_skipped += 1
            continue
        chosen: dict[str, list[str]] = {}
        results = annotation.get("result")
        check(_are_objects(results), "a list of objects in 'result' of every annotation", results)
        for result in results:
            value = {} if result.get("type") == "relation" else result.get("value")
            kind = result.get("type")
            check(isinstance(value, dict), "an object in 'value' of every result", value)
            check(
                not _names_classes(kind) or kind in value,
                f"{kind!r} in the value of every such result",
                value,
            )
            for key, entries in value.items():
                if _names_classes(key):
                    check(_are_names(entries), f"names in {key!r}", entries)
                    chosen.setdefault(str(result.get("from_name")), []).extend(_texts(entries))
        annotations.append(chosen)
    data = task.get("data")
    return _Task(data if isinstance(data, dict) else {}, annotations, num_skipped)


def _names_classes(key: Any) -> bool:
    """Return whether a type of results, which is also the key of their values, names classes."""
    return isinstance(key, str) and (key in ("choices", "taxonomy") or key.endswith("labels"))


def _are_objects(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(item, dict) for item in items)


def _minimal_tasks(path: str, records: Sequence[dict[str, Any]], class_column: str | None) -> list[_Task]:
    """Separate data of a task and choices, which JSON-MIN writes between the id and the annotator."""
    controls = {class_column} if class_column is not None else set()
    for record in records:
        keys = list(record)
        if "id" in keys and "annotator" in keys:
            controls.update(keys[keys.index("id") + 1 : keys.index("annotator")])
        controls.update(
            key for key, value in record.items() if _choices_of(value) and not isinstance(value, str)
        )
    tasks, no_data = [], controls | _MIN_FIELDS
    # Other controls, such as ratings, have values of any type.
    with_classes = {key for record in records for key in controls & set(record) if _choices_of(record[key])}
    for number, record in enumerate(records, 1):
        for key in with_classes & set(record):
            _check(_is_choice(record[key]), path, number, f"names of classes in {key!r}", record[key])
        chosen = {key: _choices_of(value) for key, value in record.items() if key in controls}
        data = {key: value for key, value in record.items() if key not in no_data}
        tasks.append(_Task(data, [{key: names for key, names in chosen.items() if names}]))
    return tasks


def _choices_of(value: Any) -> list[str]:
    """Return the classes of a control in JSON-MIN: a text, an object with choices, or a list of regions."""
    if isinstance(value, str):
        return _texts(value)
    found = []
    for item in value if isinstance(value, list) else [value]:
        for key, entries in item.items() if isinstance(item, dict) else ():
            if _names_classes(key):
                found += _texts(entries)
    return found


def _is_choice(value: Any) -> bool:
    """Return whether a value of a control has the form of a choice; nothing may be chosen."""
    if value is None or isinstance(value, str):
        return True
    items = value if isinstance(value, list) else [value]
    return _are_objects(items) and all(
        _are_names(entries) for item in items for key, entries in item.items() if _names_classes(key)
    )


def _are_names(entries: Any) -> bool:
    return len(_texts(entries)) == (len(entries) if isinstance(entries, list) else 1)


def _texts(entries: Any) -> list[str]:
    if isinstance(entries, str):
        return [entries.strip()] if entries.strip() else []
    if not isinstance(entries, list):
        return []
    # An entry of a taxonomy is the path to a class; its last element is the class.
    names = [entry[-1] if isinstance(entry, list) and entry else entry for entry in entries]
    return [name.strip() for name in names if isinstance(name, str) and name.strip()]


def _image_key(path: str, tasks: Sequence[_Task], options: TableOptions) -> str:
    if options.image_column is not None:
        return options.image_column
    counts: dict[str, int] = {}
    for task in tasks:
        for key, value in task.data.items():
            if isinstance(value, str):
                counts[key] = counts.get(key, 0) + has_image_ending(value.split("&")[0].split("#")[0])
    best = [key for key, count in counts.items() if count >= 0.8 * len(tasks)]
    best = best if len(best) == 1 else [key for key in counts if key.lower() in ("image", "img")]
    if len(best) != 1:
        raise table_error(
            path,
            "Label Studio export",
            "one key with the addresses of images",
            f"the keys {', '.join(map(repr, list(counts)[:8])) or 'of no text'}",
            "Name it with --image-column.",
        )
    return best[0]


def _read_annotations(
    path: str,
) -> tuple[LabelStore, np.ndarray, list[str] | None, TableDescription]:
    labels = read_annotation_json(path, repeated_images="keep")
    description = TableDescription(path, "JSON", "annotation file of this package", num_rows=len(labels))
    return labels, np.arange(1, len(labels) + 1), None, description


def _load(path: str) -> Any:
    with open(path, "rb") as file:
        content = file.read()
    return parse_json(content, f"The table {path} (JSON)")


def _not_an_export(path: str, found: str, remedy: str = "Export JSON from Label Studio.") -> ValueError:
    return table_error(path, "JSON", "the tasks of a Label Studio export", found, remedy)
