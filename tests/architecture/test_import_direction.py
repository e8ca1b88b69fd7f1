"""utils <- functional <- losses, datasets, models, metrics <- hooks, apis, visualization <- configs, tools.

Inside datasets: label_store <- annotations <- readers, base <- the datasets <- samplers.
Inside functional: the modules beside the folders <- losses, metrics. Inside losses: base <- the losses.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source_tree import PACKAGE, imported_modules, python_files

# What each folder may import from the package, besides itself.
ALLOWED = {
    "utils": set(),
    "functional": {"utils"},
    "losses": {"utils", "functional"},
    "datasets": {"utils", "functional"},
    "models": {"utils", "functional"},
    "metrics": {"utils", "functional"},
    "testing": {"utils", "functional", "losses"},
    "hooks": {"utils", "functional", "losses", "datasets", "models", "metrics"},
    "apis": {"utils", "functional", "losses", "datasets", "models", "metrics"},
    "visualization": {"utils", "functional", "losses", "datasets", "models", "metrics"},
}
# What each part of a folder, a sub-folder or a module, may import from its other parts.
# "*" stands for the modules that are not named here.
ALLOWED_INSIDE = {
    "datasets": {
        "label_store": set(),
        "annotations": {"label_store"},
        "transforms": set(),
        "base": {"label_store", "annotations", "transforms"},
        "readers": {"label_store", "annotations"},
        "*": {"label_store", "annotations", "transforms", "base", "readers"},
        "samplers": {"label_store", "transforms", "base", "*"},
    },
    "functional": {"*": set(), "losses": {"*"}, "metrics": {"*"}},
    "losses": {"base": set(), "*": {"base"}},
    "hooks": {"label_statistics": set(), "*": {"label_statistics"}},
}


def package_imports(folder: str) -> Iterator[tuple[Path, str]]:
    """Files of a folder with the modules of the package that they import, without the package's name."""
    for path in python_files(f"{PACKAGE.name}/{folder}"):
        for module in imported_modules(path):
            if module.startswith(f"{PACKAGE.name}."):
                yield path, module.partition(".")[2]


def part_of(folder: str, name: str) -> str:
    """Part of a folder that a file or an imported module of it belongs to."""
    return name if name in ALLOWED_INSIDE[folder] else "*"


def test_every_folder_has_a_rule() -> None:
    assert {path.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*/*.py")} == set(ALLOWED)
    for folder, parts in ALLOWED_INSIDE.items():
        assert {path.parent.name for path in (PACKAGE / folder).glob("*/*.py")} <= set(parts)


@pytest.mark.parametrize("folder", ALLOWED)
def test_folder_imports_only_folders_below_it(folder: str) -> None:
    against = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path, module in package_imports(folder)
        if module.partition(".")[0] not in ALLOWED[folder] | {folder}
    ]
    assert not against


@pytest.mark.parametrize("folder", ALLOWED_INSIDE)
def test_parts_of_a_folder_import_only_parts_below_them(folder: str) -> None:
    against = []
    for path, module in package_imports(folder):
        own = path.relative_to(PACKAGE / folder)
        if own.name == "__init__.py" and len(own.parts) == 1:
            continue  # the folder exports names of all of its parts
        imported_folder, _, rest = module.partition(".")
        if imported_folder != folder:
            continue
        part = part_of(folder, own.parts[0].removesuffix(".py"))
        imported = part_of(folder, rest.partition(".")[0])
        if imported not in ALLOWED_INSIDE[folder][part] | {part}:
            against.append(f"{path.relative_to(PACKAGE)} imports {module}")
    assert not against


def test_label_store_does_not_need_mmpretrain() -> None:
    against = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path in python_files("mmpretrain_imbalance/datasets/label_store")
        for module in imported_modules(path)
        if module.partition(".")[0] in {"mmpretrain", "mmcv"}
    ]
    assert not against


def test_functional_needs_torch_and_numpy_only() -> None:
    """Nothing that opens files or starts processes either: functions of tensors."""
    plain_python = {
        *("__future__", "collections", "dataclasses", "functools", "itertools", "math", "numbers", "typing")
    }
    allowed = {PACKAGE.name, "numpy", "torch", *plain_python}
    files = [*python_files(f"{PACKAGE.name}/functional"), PACKAGE / "utils" / "argument_checks.py"]
    against = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path in files
        for module in imported_modules(path)
        if module.partition(".")[0] not in allowed
    ]
    of_utils = {module for _, module in package_imports("functional") if module.startswith("utils.")}
    assert not against
    assert {module.split(".")[1] for module in of_utils} == {"argument_checks"}


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
