"""functional <- losses, datasets, models, metrics <- hooks, apis, visualization <- configs, tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.source_tree import PACKAGE, imported_modules, python_files

# What each folder may import from the package, besides itself and the plain modules beside the folders.
ALLOWED = {
    "functional": set(),
    "losses": {"functional"},
    "datasets": {"functional"},
    "models": {"functional"},
    "metrics": {"functional"},
    "testing": {"functional", "losses"},
    "hooks": {"functional", "losses", "datasets", "models", "metrics"},
    "apis": {"functional", "losses", "datasets", "models", "metrics"},
    "visualization": {"functional", "losses", "datasets", "models", "metrics"},
}
FORBIDDEN = [
    (folder, other) for folder in ALLOWED for other in sorted({*ALLOWED} - ALLOWED[folder] - {folder})
]


def test_every_folder_has_its_place() -> None:
    folders = {path.relative_to(PACKAGE).parts[0] for path in PACKAGE.glob("*/*.py")}
    assert folders <= set(ALLOWED)


@pytest.mark.parametrize(("folder", "other"), FORBIDDEN)
def test_folder_does_not_import(folder: str, other: str) -> None:
    against = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path in python_files(f"mmpretrain_imbalance/{folder}")
        for module in imported_modules(path)
        if f"{module}.".startswith(f"mmpretrain_imbalance.{other}.")
    ]
    assert not against


def test_functional_needs_torch_and_numpy_only() -> None:
    """Nothing that opens files or starts processes either: functions of tensors."""
    plain_python = {"__future__", "collections", "dataclasses", "functools", "itertools", "math", "typing"}
    allowed = {"mmpretrain_imbalance", "numpy", "torch", *plain_python}
    against = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path in python_files("mmpretrain_imbalance/functional")
        for module in imported_modules(path)
        if module.partition(".")[0] not in allowed
    ]
    assert not against


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("[!_]*.py")), ids=lambda path: path.name)
def test_plain_modules_import_no_folder(path: Path) -> None:
    """Everything may import the modules beside the folders, so these must not import back."""
    against = [
        module
        for module in imported_modules(path)
        if module.startswith(tuple(f"mmpretrain_imbalance.{folder}." for folder in ALLOWED))
    ]
    assert not against


def test_package_imports_its_modules_and_not_its_root() -> None:
    """`from mmpretrain_imbalance import X` inside the package would go round every rule above."""
    modules = {path.stem for path in PACKAGE.iterdir()}
    against = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path in python_files("mmpretrain_imbalance")
        for module in imported_modules(path)
        if module.startswith(f"{PACKAGE.name}.") and module.split(".")[1] not in modules
    ]
    assert not against


def test_package_does_not_import_tools_configs_or_tests() -> None:
    against = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path in python_files("mmpretrain_imbalance")
        for module in imported_modules(path)
        if module.partition(".")[0] in {"tools", "configs", "tests"}
    ]
    assert not against
