"""Rules for the code that ruff cannot check."""

from __future__ import annotations

import ast

from tests.architecture.source_tree import ROOT, nodes_of, python_files, text_of

SHIPPED = python_files("mmpretrain_imbalance", "configs", "tools")
ALL = [*SHIPPED, *python_files("tests")]


def test_no_file_has_more_than_400_lines() -> None:
    lines = {path: len(text_of(path).splitlines()) for path in ALL}
    assert [f"{path.relative_to(ROOT)}: {count} lines" for path, count in lines.items() if count > 400] == []


def test_no_file_has_a_vague_name() -> None:
    vague = {"common", "helper", "helpers", "misc", "util", "utils"}
    assert [str(path.relative_to(ROOT)) for path in ALL if path.stem in vague] == []


def test_shipped_code_has_no_assertions() -> None:
    """`python -O` removes assertions, and an AssertionError has no helpful message."""
    assert [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, node in nodes_of(SHIPPED, "assert")
        if isinstance(node, ast.Assert)
    ] == []


def test_names_of_classes_are_printed_without_control_characters() -> None:
    """The console of rich sends the escape sequences of a name to the terminal. Benchmarks print no names."""
    calls = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, node in nodes_of(SHIPPED, "Console")
        if path.stem != "printable" and "benchmarks" not in path.parts
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Console"
    ]
    assert calls == []


def test_no_comparison_is_unused() -> None:
    """A statement such as `np.allclose(a, b)` computes a result and ignores it."""
    comparisons = ("allclose", "array_equal", "isclose")
    calls = [
        (path, node.value)
        for path, node in nodes_of(ALL, *comparisons)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ]
    assert [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path, call in calls
        if getattr(call.func, "attr", None) in comparisons
    ] == []
