"""Strict parser of report pages: they are well-formed XML, so that every tag and escape is checked."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree


def parse(html: str) -> ElementTree.Element:
    """Parse a page; an unclosed tag or an unescaped character raises an error."""
    return ElementTree.fromstring(html)


def text_of(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def section(page: ElementTree.Element, title: str) -> ElementTree.Element:
    """Return the section with this title."""
    (found,) = [one for one in page.iter("section") if text_of(one.find("h2")) == title]
    return found


def rows_of(page: ElementTree.Element, title: str, table: int = 0) -> list[list[str]]:
    """Return the texts of the cells of a table of a section, without its head."""
    body = list(section(page, title).iter("tbody"))[table]
    return [[text_of(cell) for cell in row] for row in body]


def sort_values(page: ElementTree.Element, title: str) -> list[list[str]]:
    """Return the values by which the script of the page sorts the rows of a table."""
    body = next(section(page, title).iter("tbody"))
    return [[cell.get("data-sort", text_of(cell)) for cell in row] for row in body]


def bar_widths(element: ElementTree.Element) -> dict[str, list[float]]:
    """Return the widths of the parts of each bar in percent, by the name of the bar."""
    spans = [span for span in element.iter("span") if span.get("class") in ("name", "track")]
    return {
        text_of(name): [float(re.fullmatch(r"width:(.*)%", part.get("style"))[1]) for part in track]
        for name, track in zip(spans[::2], spans[1::2])
    }


def check_self_contained(html: str) -> None:
    """Check that a page needs no network and no other file, and has one script, in the page itself."""
    page = parse(html)
    assert not {element.tag for element in page.iter()} & {"link", "iframe", "object", "embed", "base"}
    attributes = [(name, value) for element in page.iter() for name, value in element.attrib.items()]
    assert [name for name, _ in attributes if name.startswith("on") or name in ("srcset", "xlink:href")] == []
    addresses = [value for name, value in attributes if name in ("src", "href")]
    assert [value for value in addresses if not value.startswith(("#", "data:image/"))] == []
    assert len(list(page.iter("script"))) == 1
    assert next(page.iter("script")).attrib == {}
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttpRequest|import\(", html)
