"""Fenced code blocks of the Markdown pages, with the optional comment above each.

``<!-- not run: REASON -->`` exempts a block, ``<!-- run by: TEST -->`` names the test that runs it, and
``<!-- file: PATH -->`` is the path to which the tests of the page save the block.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "configs").glob("*/README.md")])
BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>not run|run by|file): (?P<note>[^\n]+) -->\n\n?)?"
    r"^(?P<indent> *)```(?P<language>[\w{}-]*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """Code block with the comment above it."""

    page: str
    line: int
    language: str
    text: str
    mark: str
    note: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def code_blocks(page: Path) -> list[Block]:
    """Return the blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page=str(page.relative_to(ROOT)),
            line=text[: found.start("language")].count("\n") + 1,
            language=found["language"],
            text=re.sub(f"^{found['indent']}", "", found["text"], flags=re.MULTILINE),
            mark=found["mark"] or "",
            note=found["note"] or "",
        )
        for found in BLOCK.finditer(text)
    ]


BLOCKS = {str(page.relative_to(ROOT)): code_blocks(page) for page in PAGES}
