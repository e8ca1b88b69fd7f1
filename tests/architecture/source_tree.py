"""Python files of the repository and their imports, for the architecture tests. No file is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "mmpretrain_imbalance"


def python_files(*folders: str) -> list[Path]:
    """List every Python file below these folders of the repository."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imported_modules(path: Path) -> Iterator[str]:
    """Yield the full dotted name of every import in a file; relative imports are resolved."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else ()
            module = (*parents, *((node.module,) if node.module else ()))
            # In `from package import a`, a may be a module or not; a name that is no module does no harm.
            yield from (".".join((*module, alias.name)) for alias in node.names)
