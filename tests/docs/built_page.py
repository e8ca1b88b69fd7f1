"""The text of a built page that its reader sees, and the files that the page loads."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
LOADING_LINKS = {"stylesheet", "icon", "shortcut icon", "preload", "prefetch", "preconnect", "dns-prefetch"}


class BuiltPage(HTMLParser):
    """The parsed page.

    Attributes:
        text: Running text; code, formulas, scripts and styles are each a pair of backticks.
        loads: Addresses that a browser fetches to show the page.
        anchors: The ids of its elements.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text, self.loads, self.anchors = "", [], set()
        self._hidden: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        self.anchors.add(values.get("id"))
        if tag == "link":
            self.loads += [values["href"]] if values.get("rel") in LOADING_LINKS else []
        elif tag in ("script", "img", "iframe", "source", "video", "audio", "embed"):
            self.loads += [values["src"]] if "src" in values else []
        if tag in VOID:
            return
        if self._hidden:
            self._hidden.append(tag)
        elif tag in ("code", "pre", "script", "style", "svg") or "math" in values.get("class", "").split():
            self._hidden.append(tag)
            self.text += "``"

    def handle_endtag(self, tag: str) -> None:
        if self._hidden and self._hidden[-1] == tag:
            self._hidden.pop()

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text += data
