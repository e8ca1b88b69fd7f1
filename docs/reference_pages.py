"""Sphinx extension that writes the reference, one page per public package, from ``__all__`` and docstrings.

A package is public when it defines ``__all__`` and its name has no leading underscore. A name that several
packages export is described once, on the page of the innermost package; the other pages link to it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from types import ModuleType

from sphinx.application import Sphinx

ROOT_PACKAGE = "mmpretrain_imbalance"
FOLDER = Path(__file__).parent / "reference"


def public_packages() -> list[ModuleType]:
    """Return the package and its sub-packages that define ``__all__``, outer ones first."""
    root = importlib.import_module(ROOT_PACKAGE)
    names = [
        module.name
        for module in pkgutil.walk_packages(root.__path__, f"{ROOT_PACKAGE}.")
        if module.ispkg and "._" not in module.name
    ]
    packages = (root, *map(importlib.import_module, names))
    public = [package for package in packages if hasattr(package, "__all__")]
    return sorted(public, key=lambda package: package.__name__.count("."))


def described_names() -> dict[str, str]:
    """Return the full name under which each public name is described, by its full public name."""
    described, exports = {}, {}
    for package in public_packages():
        for name in package.__all__:
            value = getattr(package, name)
            key = (name, id(value)) if callable(value) else (name, repr(value))
            described[key] = exports[f"{package.__name__}.{name}"] = f"{package.__name__}.{name}"
            exports[f"{package.__name__}.{name}"] = key
    return {full_name: described[key] for full_name, key in exports.items()}


def defining_module(package: ModuleType, name: str) -> ModuleType:
    """Return the module whose source assigns or defines a public name."""
    value = getattr(package, name)
    if hasattr(value, "__module__") and callable(value):
        return importlib.import_module(value.__module__)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        if re.search(rf"^[A-Z_, ]*\b{name}\b[^\n(]*=", inspect.getsource(module), re.MULTILINE):
            return module
    return package


def comment_on(package: ModuleType, name: str) -> str:
    """Return the comment beside or above a constant."""
    lines = inspect.getsource(defining_module(package, name)).splitlines()
    row = next((row for row, line in enumerate(lines) if re.match(rf"[A-Z_, ]*\b{name}\b[^(]*=", line)), None)
    if row is None:
        return ""
    beside = re.search(r"  #:? (.*)$", lines[row])
    above = []
    while not beside and row and lines[row - 1].startswith("#"):
        row -= 1
        above.insert(0, lines[row].lstrip("#: "))
    return beside[1] if beside else " ".join(above)


def summary(package: ModuleType, name: str) -> str:
    """Return the first paragraph of the docstring of a public name, or the comment on a constant."""
    value = getattr(package, name)
    if not callable(value):
        return comment_on(package, name)
    return " ".join((inspect.getdoc(value) or "").split("\n\n")[0].split())


def entry(package: ModuleType, name: str) -> list[str]:
    """Return the directive that describes a public name."""
    value = getattr(package, name)
    if inspect.isclass(value):
        kind = "autoexception" if issubclass(value, BaseException) else "autoclass"
        return [f".. {kind}:: {name}", "   :members:", "   :show-inheritance:", ""]
    if callable(value):
        return [f".. autofunction:: {name}", ""]
    return [f".. py:data:: {name}", f"   :value: {value!r}", "", f"   {comment_on(package, name)}", ""]


def page(package: ModuleType, described: dict[str, str]) -> str:
    """Return the page of a package: its docstring, a table of its names, and their descriptions."""
    full_name = package.__name__
    title = full_name.removeprefix(f"{ROOT_PACKAGE}.")
    lines = [title, "=" * len(title), "", f".. automodule:: {full_name}", ""]
    lines += [".. list-table::", "   :widths: auto", ""]
    descriptions = []
    for name in sorted(package.__all__, key=str.lower):
        described_as = described[f"{full_name}.{name}"]
        lines += [f"   * - :py:obj:`~{described_as}`", f"     - {summary(package, name)}"]
        if described_as == f"{full_name}.{name}":
            descriptions += entry(package, name)
    return "\n".join([*lines, "", f".. currentmodule:: {full_name}", "", *descriptions])


def write_pages(app: Sphinx) -> None:
    """Write the pages of the reference, and remove pages of packages that no longer exist.

    Args:
        app: Sphinx application.
    """
    FOLDER.mkdir(exist_ok=True)
    described = described_names()
    texts = {f"{package.__name__}.rst": page(package, described) for package in public_packages()}
    contents = "\n   ".join(name.removesuffix(".rst") for name in texts)
    texts["index.rst"] = f"Reference\n=========\n\n.. toctree::\n\n   {contents}\n"
    for path in FOLDER.glob("*.rst"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:  # unchanged: not built again
            path.write_text(text, encoding="utf-8")


def keep_colons(app: Sphinx, kind: str, name: str, value: object, options: dict, lines: list[str]) -> None:
    """Prevent napoleon from parsing the text before a colon as a type; the docstrings contain no types.

    Args:
        app: Sphinx application.
        kind: Kind of the documented object.
        name: Full name of the object.
        value: The object.
        options: Options of the directive.
        lines: Lines of the docstring, modified in place before napoleon parses them.
    """
    if kind in ("attribute", "data", "property") and lines:
        lines[0] = f": {lines[0]}"
    for row, line in enumerate(lines[:-1]):
        if line in ("Returns:", "Yields:"):
            lines[row + 1] = re.sub(r"^( +)", r"\1: ", lines[row + 1])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension.

    Args:
        app: Sphinx application.

    Returns:
        Metadata of the extension.
    """
    app.connect("builder-inited", write_pages)
    app.connect("autodoc-process-docstring", keep_colons, priority=400)  # napoleon is at 500
    return {"parallel_read_safe": True, "parallel_write_safe": True}
