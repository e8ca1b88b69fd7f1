"""Python files of the repository and their imports, for the architecture tests. No file is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "mmpretrain_imbalance"


def python_files(*folders: str) -> list[Path]:
    """List every Python file below these folders of the repository."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def text_of(path: Path) -> str:
    """Return the content of a file."""
    return path.read_text(encoding="utf-8")


def nodes_of(paths: Iterable[Path], *words: str) -> Iterator[tuple[Path, ast.AST]]:
    """Yield every node of the files whose text contains one of the words: to parse all takes seconds."""
    for path in paths:
        if any(word in text_of(path) for word in words):
            yield from ((path, node) for node in ast.walk(ast.parse(text_of(path))))


@cache
def imported_modules(path: Path) -> tuple[str, ...]:
    """Return the full dotted name of every import in a file; relative imports are resolved."""
    return tuple(_imported_modules(path))


def _imported_modules(path: Path) -> Iterator[str]:
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else ()
            module = (*parents, *((node.module,) if node.module else ()))
            # In `from package import a`, a may be a module or not; a name that is no module does no harm.
            yield from (".".join((*module, alias.name)) for alias in node.names)
