"""Common base name of the function, class, tests and config of each method."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.source_tree import PACKAGE, ROOT

CLASSES = sorted((PACKAGE / "losses").glob("*_loss.py"))
FUNCTIONS = sorted((PACKAGE / "functional" / "losses").glob("*_loss.py"))


def definitions(path: Path) -> set[str]:
    """Return the names of the public functions and classes that a file defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    return {name for name in names if not name.startswith("_")}


def test_every_module_of_losses_is_a_loss() -> None:
    modules = {path for path in (PACKAGE / "losses").glob("*.py") if path.name != "__init__.py"}
    assert modules == set(CLASSES)


@pytest.mark.parametrize("path", CLASSES, ids=lambda path: path.stem)
def test_loss_has_a_class_a_test_and_a_config_with_its_name(path: Path) -> None:
    assert [name.lower() for name in definitions(path)] == [path.stem.replace("_", "")]
    assert (ROOT / "tests" / "losses" / f"test_{path.name}").exists()
    assert sorted((ROOT / "configs" / "_base_" / "methods").glob(f"{path.stem}*.py"))


@pytest.mark.parametrize("path", FUNCTIONS, ids=lambda path: path.stem)
def test_formula_has_a_class_and_a_test_with_its_name(path: Path) -> None:
    assert (PACKAGE / "losses" / path.name) in CLASSES
    assert (ROOT / "tests" / "functional" / "losses" / f"test_{path.name}").exists()
    losses = {name for name in definitions(path) if name.endswith("_loss")}
    assert losses <= {path.stem}
