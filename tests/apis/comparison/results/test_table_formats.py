from __future__ import annotations

import io
import re

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from mmpretrain_imbalance.apis.comparison.results.result_tables import ResultTable, TableCell
from mmpretrain_imbalance.apis.comparison.results.table_formats import (
    STANDALONE_DOCUMENT,
    escape_latex,
    escape_markdown,
    latex_text,
    markdown_text,
    print_tables,
)

AWKWARD = r"a_b & 50 % #1 $x {c} ~d ^e \f <g> | *h* _i_ `j` [k] ±"


@pytest.fixture
def table() -> ResultTable:
    rows = [
        [TableCell(AWKWARD), TableCell("73.4", "0.4", "better", True), TableCell("-")],
        [TableCell("bce"), TableCell("51.2", "", "worse"), TableCell("90.0", "1.0")],
    ]
    return ResultTable(
        "data_set, as_annotated",
        ["Percent."],
        ["method", "mAP", "F1 at 0.5"],
        rows,
        ["↑ better, ↓ worse than b_ce.", "Bold: the best."],
        ["No result: hill, seed 0 (out of memory: 3 GiB | ∞)."],
    )


def test_latex_is_balanced_and_every_row_has_all_cells(table: ResultTable) -> None:
    text = latex_text([table, table])
    without_escapes = re.sub(r"\\[\\&%$#_{}]", "", text)
    depth = 0
    for character in without_escapes:
        depth += (character == "{") - (character == "}")
        assert depth >= 0
    assert depth == 0
    assert without_escapes.count("$") % 2 == 0
    opened = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert opened == []
    for body in re.findall(r"\\toprule\n(.*?)\\bottomrule", text, re.DOTALL):
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert len(rows) == 3
        assert [len(re.findall(r"(?<!\\)&", row)) for row in rows] == [2, 2, 2]
    assert re.findall(r"\\begin\{tabular\}\{(\w+)\}", text) == ["lrr", "lrr"]
    labels = re.findall(r"\\label\{(.*)\}", text)
    assert labels == ["tab:data-set-as-annotated", "tab:data-set-as-annotated-1"]
    for rule in ("toprule", "midrule", "bottomrule", "caption"):
        assert text.count(f"\\{rule}") == 2
    assert re.findall(r"(?<!\\)[#~^|<>\"]", re.sub(r"%.*\n", "", text, count=1)) == []
    assert all(ord(character) < 128 for character in text)


def test_latex_cells(table: ResultTable) -> None:
    text = latex_text([table])
    assert r"\textbf{73.4} {\tiny$\pm$\,0.4} $\uparrow$ & - \\" in text
    assert r"    bce & 51.2 $\downarrow$ & 90.0 {\tiny$\pm$\,1.0} \\" in text
    assert r"\caption{data\_set, as\_annotated. Percent.}" in text
    assert "No result: hill, seed 0." in text


def test_latex_numbers_without_an_arrow_are_aligned_with_those_with_one(table: ResultTable) -> None:
    table.rows[1][1] = TableCell("51.2")
    assert r"    bce & 51.2 \phantom{$\uparrow$} & 90.0" in latex_text([table])


def test_latex_leaves_out_tables_without_rows() -> None:
    assert "table" not in latex_text([ResultTable("empty", [], [], [])]).replace("these tables", "")
    assert r"\input{results.tex}" in STANDALONE_DOCUMENT


def test_escaped_latex_characters() -> None:
    assert escape_latex("a_b{c}\n&") == r"a\_b\{c\} \&"
    assert escape_latex("\\~^") == r"\textbackslash{}\textasciitilde{}\textasciicircum{}"


def test_markdown_shows_the_text_itself() -> None:
    """A reader of Markdown turns the escaped text into the text."""
    html = MarkdownIt("commonmark").enable("table").render(f"| {escape_markdown(AWKWARD)} |\n| --- |\n")
    shown = re.sub(r"<[^>]+>", "", html).strip()
    shown = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    assert shown == AWKWARD
    assert "<em>" not in html


def test_markdown_table(table: ResultTable) -> None:
    lines = markdown_text([table]).splitlines()
    assert lines[0] == "## data_set, as_annotated"
    assert "| method | mAP | F1 at 0.5 |" in lines
    assert "| --- | ---: | ---: |" in lines
    assert "| bce | 51.2 ↓ | 90.0 ± 1.0 |" in lines
    assert any(line.endswith(" | **73.4 ± 0.4** ↑ | - |") for line in lines)
    assert "- No result: hill, seed 0 (out of memory: 3 GiB \\| ∞)." in lines


def test_the_console_shows_names_as_they_are_and_the_best_without_colors(table: ResultTable) -> None:
    text = io.StringIO()
    table.rows[0][0] = TableCell("[red]a_b")
    print_tables([table], Console(file=text, width=100, color_system=None))
    printed = text.getvalue()
    assert "│ [red]a_b │" in printed
    assert "│ ↑ * 73.4 ± 0.4 │" in printed
    assert re.search(r"│ bce +│ +↓ 51\.2 │ 90\.0 ± 1\.0 │", printed)
    assert "* and bold: the best." in printed


def test_a_narrow_console_does_not_cut_names_and_numbers_off(table: ResultTable) -> None:
    text = io.StringIO()
    print_tables([table], Console(file=text, width=20, color_system=None))
    assert re.search(rf"│ {re.escape(AWKWARD)} │ ↑ \* 73\.4 ± 0\.4 │ +- │", text.getvalue())
