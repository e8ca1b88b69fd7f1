"""Targets of the roles in all docstrings, including docstrings that are not on the site."""

from __future__ import annotations

import ast
import functools
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "mmpretrain_imbalance"
ROLE = re.compile(r":(?:py:)?(class|func|meth|attr|data|exc|mod|obj):`~?([^`]+)`")
DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def assigned(node: ast.AST) -> Iterator[str]:
    """Yield the names and attributes that an assignment defines."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for part in (part for target in targets for part in ast.walk(target)):
        if isinstance(part, (ast.Name, ast.Attribute)):
            yield part.id if isinstance(part, ast.Name) else part.attr


def defined_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, DEFINITIONS):
            yield node.name
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            yield from assigned(node)


@functools.cache
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


@functools.cache
def all_defined_names() -> set[str]:
    return {name for tree in trees().values() for name in defined_names(tree)} | {
        path.stem for path in trees()
    }


def exists(target: str) -> bool:
    """Return whether a short name is defined in the package, or a dotted path can be resolved."""
    parts = target.split(".")
    if parts[0] in all_defined_names() and parts[0] != PACKAGE.name:  # or a method with its class
        return parts[-1] in all_defined_names()
    for length in range(len(parts) - 1, 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        return (
            functools.reduce(lambda found, part: getattr(found, part, None), parts[length:], value)
            is not None
        )
    return False


def test_targets_of_roles_exist() -> None:
    missing = []
    for path, tree in trees().items():
        nodes = [node for node in ast.walk(tree) if isinstance(node, (*DEFINITIONS, ast.Module))]
        targets = {target for node in nodes for _, target in ROLE.findall(ast.get_docstring(node) or "")}
        missing += [f"{path.relative_to(ROOT)}: {target}" for target in targets if not exists(target)]
    assert sorted(missing) == []


def test_missing_target_is_found() -> None:
    assert exists("HillLoss")
    assert exists("mmpretrain_imbalance.losses.HillLoss")
    assert exists("torch.load")
    assert exists("LabelStore.save")
    assert not exists("HilLoss")
    assert not exists("mmpretrain_imbalance.losses.no_module.HillLoss")
    assert not exists("torch.lod")
