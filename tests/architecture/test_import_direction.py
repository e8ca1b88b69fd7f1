"""Direction of imports between the folders of the package. An arrow A <- B means that B may import A.

utils <- functional <- losses, datasets, models, metrics <- hooks, apis, visualization <- configs, tools.
Inside datasets: label_store <- annotations <- readers, tables, base <- the datasets <- samplers.
Inside functional: the modules <- losses, metrics <- refit. Inside losses: base <- the losses.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source_tree import PACKAGE, imported_modules, python_files

# Other folders of the package that each folder may import.
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
# Other parts of its folder that each part, a sub-folder or a module, may import.
# "*" stands for all modules that are not listed.
ALLOWED_INSIDE = {
    "datasets": {
        "label_store": set(),
        "annotations": {"label_store"},
        "transforms": set(),
        "image_problems": set(),
        "base": {"label_store", "annotations", "transforms", "image_problems"},
        "readers": {"label_store", "annotations"},
        "tables": {"label_store", "annotations"},
        "*": {"label_store", "annotations", "transforms", "image_problems", "base", "readers", "tables"},
        "samplers": {"label_store", "transforms", "base", "*"},
    },
    "functional": {
        "*": set(),
        "losses": {"*"},
        "metrics": {"*"},
        "refit": {"*", "metrics"},
        "soft_labels": {"*", "refit"},
    },
    "losses": {"base": set(), "*": {"base"}},
    "hooks": {"label_statistics": set(), "*": {"label_statistics"}},
}


def package_imports(folder: str) -> Iterator[tuple[Path, str]]:
    """Yield file and imported module, without the package name, for every import within the package."""
    for path in python_files(f"{PACKAGE.name}/{folder}"):
        for module in imported_modules(path):
            if module.startswith(f"{PACKAGE.name}."):
                yield path, module.partition(".")[2]


def part_of(folder: str, name: str) -> str:
    """Return the part of a folder to which a file or an imported module of the folder belongs."""
    return name if name in ALLOWED_INSIDE[folder] else "*"


def test_every_folder_has_a_rule() -> None:
    assert {path.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*/*.py")} == set(ALLOWED)
    for folder, parts in ALLOWED_INSIDE.items():
        assert {path.parent.name for path in (PACKAGE / folder).glob("*/*.py")} <= set(parts)


@pytest.mark.parametrize("folder", ALLOWED)
def test_folder_imports_only_folders_below_it(folder: str) -> None:
    violations = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path, module in package_imports(folder)
        if module.partition(".")[0] not in ALLOWED[folder] | {folder}
    ]
    assert not violations


@pytest.mark.parametrize("folder", ALLOWED_INSIDE)
def test_parts_of_a_folder_import_only_parts_below_them(folder: str) -> None:
    violations = []
    for path, module in package_imports(folder):
        file = path.relative_to(PACKAGE / folder)
        if file.name == "__init__.py" and len(file.parts) == 1:
            continue  # it exports names of all parts of the folder
        imported_folder, _, rest = module.partition(".")
        if imported_folder != folder:
            continue
        part = part_of(folder, file.parts[0].removesuffix(".py"))
        imported = part_of(folder, rest.partition(".")[0])
        if imported not in ALLOWED_INSIDE[folder][part] | {part}:
            violations.append(f"{path.relative_to(PACKAGE)} imports {module}")
    assert not violations


def test_label_store_does_not_need_mmpretrain() -> None:
    violations = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path in python_files("mmpretrain_imbalance/datasets/label_store")
        for module in imported_modules(path)
        if module.partition(".")[0] in {"mmpretrain", "mmcv"}
    ]
    assert not violations


def test_functional_needs_torch_and_numpy_only() -> None:
    """The functions use tensors and arrays only; they do not open files or start processes.

    A function may import scipy when it is called, because distributions are not worth own code.
    """
    standard_library = {
        *("__future__", "collections", "dataclasses", "functools", "itertools", "math", "numbers", "typing")
    }
    allowed = {PACKAGE.name, "numpy", "torch", *standard_library}
    files = [*python_files(f"{PACKAGE.name}/functional"), PACKAGE / "utils" / "argument_checks.py"]
    violations = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path in files
        for module in imported_modules(path)
        if module.partition(".")[0] not in allowed | {"scipy"}
    ]
    of_modules = {
        node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name
        for path in files
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    of_utils = {module for _, module in package_imports("functional") if module.startswith("utils.")}
    assert not violations
    assert not [module for module in of_modules if module.partition(".")[0] == "scipy"]
    assert {module.split(".")[1] for module in of_utils} == {"argument_checks"}


def test_package_imports_its_modules_and_not_its_root() -> None:
    """`from mmpretrain_imbalance import X` inside the package would bypass all rules above."""
    modules = {path.stem for path in PACKAGE.iterdir()}
    violations = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path in python_files("mmpretrain_imbalance")
        for module in imported_modules(path)
        if module.startswith(f"{PACKAGE.name}.") and module.split(".")[1] not in modules
    ]
    assert not violations


def test_package_does_not_import_tools_configs_or_tests() -> None:
    violations = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path in python_files("mmpretrain_imbalance")
        for module in imported_modules(path)
        if module.partition(".")[0] in {"tools", "configs", "tests"}
    ]
    assert not violations
