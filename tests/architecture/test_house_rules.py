"""Rules of the code that no linter setting expresses."""

from __future__ import annotations

import ast

from tests.architecture.source_tree import ROOT, python_files

SHIPPED = python_files("mmpretrain_imbalance", "configs", "tools")
ALL = [*SHIPPED, *python_files("tests")]


def test_every_file_is_read_in_one_sitting() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in ALL}
    assert [f"{path.relative_to(ROOT)}: {count} lines" for path, count in lines.items() if count > 400] == []


def test_every_file_is_named_after_what_it_defines() -> None:
    vague = {"common", "helper", "helpers", "misc", "util", "utils"}
    assert [str(path.relative_to(ROOT)) for path in ALL if path.stem in vague] == []


def test_shipped_code_raises_and_never_asserts() -> None:
    """`python -O` drops assertions, and an AssertionError tells a user nothing."""
    assert [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SHIPPED
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert)
    ] == []


def test_no_comparison_is_thrown_away() -> None:
    """A statement such as `np.allclose(a, b)` computes the answer and ignores it."""
    calls = [
        (path, node.value)
        for path in ALL
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ]
    assert [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path, call in calls
        if getattr(call.func, "attr", None) in {"allclose", "array_equal", "isclose"}
    ] == []
