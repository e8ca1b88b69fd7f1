"""The plain English of the field: the worst words and forms of earlier texts do not come back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.source_tree import ROOT, python_files, text_of

FILES = [
    *python_files("mmpretrain_imbalance", "configs", "tools", "tests", "docs"),
    *sorted(path for folder in ("configs", "docs") for path in (ROOT / folder).rglob("*.md")),
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
]
PER = (
    r"(?<!that )(?<!which )(?<!sampler )"  # there the word is a verb: "a sampler that samples an image"
    r"(one|once|twice|bytes|batches|labels|images|lines|elements|samples|values|bars|draws|steps) an? "
    r"(batch|class|command|element|epoch|file|GPU|image|iteration|label|line|logit|method|rank|row|run|"
    r"sample|source|step|worker)"
)
AMERICAN = r"(general|normal|maxim|minim|regular|summar|initial|optim|standard|synchron|serial)"
#: A pattern, and what to write instead.
PATTERNS = {
    rf"\b{PER}\b": "'per class', 'per image'",
    r"\bwhole numbers?\b": "'integer'",
    r"\brefus(e|es|ed|ing|al)\b": "'raise' or 'reject'",
    r"\bbeliev\w+|\bdoors?\b|\bbusiness\b|\bhomeless\b|\bby heart\b|\briddle": "what happens",
    r"\bnobody (told|knows|said|asked)\b|\bwhat \w+ makes? of\b|\bmakes? \w+thing of\b": "what happens",
    r"\bunlisted\b": "'default_label', or 'that an image does not list'",
    r"\bnormaliser|\bcolour|\bbehaviour|\bneighbour|\blabelled|\bgrey\b|\bcentre": "American spelling",
    rf"{AMERICAN}is(e|ed|es|ing|ation)\b": "American spelling: -ize",
    r"\b(a|the|its|each|this|of|full|exact) shares?\b|\bshares? of\b": "'fraction'",
    r"\b(known|pooled|gathered|ranked|flat) entr(y|ies)\b": "'element'",
}


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: PATTERNS[pattern])
def test_words_of_the_field(pattern: str) -> None:
    expression, found = re.compile(pattern, re.IGNORECASE), []
    for path in FILES:
        if path == Path(__file__):
            continue
        for match in expression.finditer(text_of(path)):
            line = text_of(path).count("\n", 0, match.start()) + 1
            found.append(f"{path.relative_to(ROOT)}:{line}: {match[0]!r}")
    assert not found, f"Write {PATTERNS[pattern]}:\n" + "\n".join(found)


def test_docstrings_of_modules_name_the_content() -> None:
    found = []
    for path in python_files("mmpretrain_imbalance", "tools", "tests"):
        docstring = re.match(r'(?:#.*\n|\s)*r?"""\s*(.*)', text_of(path))
        if docstring and re.match(r"(What|Which|How|Whether|Where|Who)\b(?! many)", docstring[1]):
            found.append(f"{path.relative_to(ROOT)}: {docstring[1]}")
    assert not found
