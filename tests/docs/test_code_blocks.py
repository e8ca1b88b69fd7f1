"""Every block of code in the documentation has a language, and is run or marked with the reason why not."""

from __future__ import annotations

import re

import pytest

from tests.docs.code_blocks import BLOCKS, PAGES, ROOT

# What needs no run: data, output, references, and the directives of the site.
OTHER_LANGUAGES = {"bibtex", "csv", "json", "text", "{toctree}"}
ALL = [block for blocks in BLOCKS.values() for block in blocks]


def test_every_block_has_a_language_that_a_test_knows() -> None:
    assert len(ALL) > 100
    known = {"bash", "python", *OTHER_LANGUAGES}
    assert [str(block) for block in ALL if block.language not in known] == []


def test_no_block_is_lost() -> None:
    """The pattern of a block finds every fence."""
    fences = sum(
        len(re.findall(r"^ *`{3}", page.read_text(encoding="utf-8"), re.MULTILINE)) for page in PAGES
    )
    assert fences == 2 * len(ALL)


def test_no_command_is_outside_of_a_block() -> None:
    """An indented command would be in no language, and no test would look at it."""
    indented = re.compile(r"\n\n {4}(?:python|make|pip|bash|mim|tools/)\b.*")
    assert {str(page) for page in PAGES if indented.search(page.read_text(encoding="utf-8"))} == set()


@pytest.mark.parametrize("block", [one for one in ALL if one.mark == "run by"], ids=str)
def test_the_test_that_runs_a_block_names_its_page(block) -> None:
    assert block.page.split("/")[-1] in (ROOT / block.note).read_text(encoding="utf-8")


def test_few_blocks_are_not_run() -> None:
    assert [str(block) for block in ALL if block.mark == "not run" and len(block.note.split()) < 3] == []
    assert sum(block.mark == "not run" for block in ALL) <= 5
