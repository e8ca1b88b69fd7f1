"""Languages and exemptions of the code blocks in the documentation."""

from __future__ import annotations

import re

import pytest

from tests.docs.code_blocks import BLOCKS, PAGES, ROOT

# Languages that are not run: data, output, references, and directives of the site.
OTHER_LANGUAGES = {"bibtex", "csv", "json", "text", "yaml", "{toctree}"}
ALL = [block for blocks in BLOCKS.values() for block in blocks]


def test_every_block_has_a_known_language() -> None:
    assert len(ALL) > 100
    known = {"bash", "python", *OTHER_LANGUAGES}
    assert [str(block) for block in ALL if block.language not in known] == []


def test_pattern_finds_every_block() -> None:
    """The number of fences is twice the number of blocks."""
    fences = sum(
        len(re.findall(r"^ *`{3}", page.read_text(encoding="utf-8"), re.MULTILINE)) for page in PAGES
    )
    assert fences == 2 * len(ALL)


def test_no_command_is_outside_of_a_block() -> None:
    """Indented commands have no language, so they would not be tested."""
    indented = re.compile(r"\n\n {4}(?:python|make|pip|bash|mim|tools/)\b.*")
    assert {str(page) for page in PAGES if indented.search(page.read_text(encoding="utf-8"))} == set()


@pytest.mark.parametrize("block", [block for block in ALL if block.mark == "run by"], ids=str)
def test_named_test_refers_to_the_page(block) -> None:
    assert block.page.split("/")[-1] in (ROOT / block.note).read_text(encoding="utf-8")


def test_few_blocks_are_not_run() -> None:
    assert [str(block) for block in ALL if block.mark == "not run" and len(block.note.split()) < 3] == []
    assert sum(block.mark == "not run" for block in ALL) <= 5
