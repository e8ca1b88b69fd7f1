"""Copies of the shipped base configs in a project, so that it trains alike wherever and whenever it runs."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

from ...utils.shipped_files import shipped_folder


def method_names() -> list[str]:
    """Return the names of all methods: the files in ``configs/_base_/methods``, without their ending."""
    return sorted(path.stem for path in (shipped_folder("configs") / "_base_" / "methods").glob("*.py"))


def base_paths(method: str) -> list[str]:
    """Return the base configs of a project, as paths in ``configs``.

    Args:
        method: Name of the method.

    Returns:
        Data, schedule and runtime; the model; the method.
    """
    return [
        "_base_/protocols/own_data.py",
        "_base_/models/multi_label_classifier.py",
        f"_base_/methods/{method}.py",
    ]


def copy_base_configs(paths: list[str], folder: Path) -> None:
    """Copy base configs, and all configs that they inherit from, into a folder.

    Args:
        paths: The base configs, as paths in ``configs``.
        folder: Folder that gets the files, under the same paths.
    """
    configs = shipped_folder("configs").resolve()
    waiting, copied = [configs / path for path in paths], set()
    while waiting:
        source = waiting.pop()
        if source in copied:
            continue
        copied.add(source)
        target = folder / source.relative_to(configs)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        waiting += [(source.parent / base).resolve() for base in _bases(source)]


def _bases(path: Path) -> list[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_base_":
            named = ast.literal_eval(node.value)
            return [named] if isinstance(named, str) else list(named)
    return []
