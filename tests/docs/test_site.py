"""Documentation site: it builds without warnings, displays no markup, is complete, and needs no network."""

from __future__ import annotations

import importlib
import pkgutil
import re
import zlib
from pathlib import Path

import pytest

import mmpretrain_imbalance
from tests.docs.built_page import BuiltPage

pytestmark = pytest.mark.slow

ROLE = re.compile(r":[a-z:]+:`|\{[a-z:]+\}`")
DIRECTIVE = re.compile(r"\.\. [a-z:-]+::|`{3}|~{3}|:{3}")
FIELD = re.compile(r"^ *:(param|returns?|rtype|raises|type) ?[\w.]*:", re.MULTILINE)
FORMULA = re.compile(r"\$\S[^$]*\$|\\(frac|sum|log|ell|sigma|text|mathrm)\b")
MARKUP = {"role": ROLE, "directive": DIRECTIVE, "field": FIELD, "formula": FORMULA}


@pytest.fixture(scope="module")
def pages(site) -> dict[str, BuiltPage]:
    return {str(path.relative_to(site.folder)): BuiltPage(path) for path in site.pages()}


def public_names() -> set[str]:
    """Return every name of every ``__all__``, with its full public path."""
    found = pkgutil.walk_packages(mmpretrain_imbalance.__path__, "mmpretrain_imbalance.")
    modules = [importlib.import_module(one.name) for one in found if one.ispkg and "._" not in one.name]
    return {
        f"{module.__name__}.{name}"
        for module in (mmpretrain_imbalance, *modules)
        for name in getattr(module, "__all__", ())
    }


def test_the_site_builds_without_a_warning(site) -> None:
    assert site.succeeded, site.output[-20000:]


@pytest.mark.parametrize("kind", MARKUP)
def test_pages_display_no_markup(pages, kind: str) -> None:
    found = {name: match[0] for name, page in pages.items() if (match := MARKUP[kind].search(page.text))}
    assert len(pages) > 50
    assert found == {}


def test_a_formula_with_a_number_is_not_wrapped(site) -> None:
    """MathJax would display an error: ``\\tag not allowed in split environment``."""
    numbered = re.compile(r"\\begin\{split\}(?:(?!\\end\{split\}).)*\\tag", re.DOTALL)
    pages = {path.name: path.read_text(encoding="utf-8") for path in site.folder.glob("docs/*.html")}
    assert r"\tag" in pages["methods.html"]
    assert [name for name, text in pages.items() if numbered.search(text)] == []


def test_every_public_name_is_in_the_reference(site, pages) -> None:
    body = (site.folder / "objects.inv").read_bytes().split(b"using zlib.\n")[1]
    rows = re.findall(r"^(\S+) py:(\w+) \S+ (\S+)", zlib.decompress(body).decode(), re.MULTILINE)
    addresses = {name: address.replace("$", name) for name, kind, address in rows if kind != "module"}
    assert len(public_names()) > 200
    assert sorted(public_names() - set(addresses)) == []
    missing = []
    for name in public_names():
        page, anchor = addresses[name].split("#")
        missing += [] if anchor in pages[page].anchors else [name]
    assert missing == []


def test_every_public_name_has_a_description(site) -> None:
    row = re.compile(r'<td><p><a [^>]*title="([\w.]+)".*?</td>\s*<td>(.*?)</td>', re.DOTALL)
    tables = "".join(path.read_text("utf-8") for path in site.folder.glob("docs/reference/*.html"))
    described = {name: re.sub(r"<[^>]+>|\s", "", cell) for name, cell in row.findall(tables)}
    assert len(described) > 200
    assert [name for name, text in described.items() if not text] == []


def test_no_page_loads_from_the_network(site, pages) -> None:
    remote = re.compile(r"(https?:)?//")
    assert {name: page.loads for name, page in pages.items() if any(map(remote.match, page.loads))} == {}
    styles = {path: path.read_text(encoding="utf-8") for path in site.folder.rglob("*.css")}
    fetched = re.compile(r"url\(['\"]?(https?:)?//|@import")
    assert [str(path) for path, text in styles.items() if fetched.search(text)] == []


def test_every_loaded_file_exists(site, pages) -> None:
    missing = []
    for name, page in pages.items():
        for address in page.loads:
            if not address.startswith("data:"):
                path = site.folder / Path(name).parent / address.split("?")[0]
                missing += [] if path.is_file() else [f"{name}: {address}"]
    assert missing == []
    assert "tex-svg.js" in " ".join(pages["docs/methods.html"].loads)


def test_index_redirects_to_the_documentation(site) -> None:
    assert 'url=docs/index.html"' in (site.folder / "index.html").read_text(encoding="utf-8")
