"""Names that control a terminal are printed as text."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from mmpretrain_imbalance.metrics.class_table import class_table
from mmpretrain_imbalance.utils.printable import PrintableConsole, printable

CLEAR = "cat\x1b[2J\x1b]0;title\x07\x9b31m\x7f\r"
SHOWN = r"cat\x1b[2J\x1b]0;title\x07\x9b31m\x7f\r"


def test_control_characters_are_escaped() -> None:
    assert printable(CLEAR) == SHOWN
    assert printable("a\tb\nkäse 猫 👩‍🔬 \\x1b") == "a\tb\nkäse 猫 👩‍🔬 \\x1b"
    controls = [chr(code) for code in range(0x250) if not printable(chr(code)) == chr(code)]
    assert controls == [chr(c) for c in (*range(9), *range(11, 32), *range(127, 160))]
    assert printable("a\ud800b") == r"a\ud800b"


@pytest.mark.parametrize("make", [str, Text])
def test_text_and_tables_of_the_console(make) -> None:
    out = io.StringIO()
    table = Table("class", title=make(CLEAR))
    table.add_row(make(CLEAR))
    PrintableConsole(file=out, width=100, markup=False).print(make(CLEAR), table)
    # rich itself removes some characters of a Text.
    assert out.getvalue().count(SHOWN if make is str else r"cat\x1b[2J") == 3
    assert printable(out.getvalue()) == out.getvalue()


def test_colors_and_progress_bars_stay() -> None:
    out = io.StringIO()
    console = PrintableConsole(file=out, width=100, force_terminal=True, color_system="standard")
    console.print("dog", style="red")
    assert out.getvalue() == "\x1b[31mdog\x1b[0m\n"
    with Progress(console=console) as progress:
        progress.add_task(CLEAR.replace("[", r"\["), total=1)
    assert "\x1b[?25l" in out.getvalue()  # the cursor is hidden
    assert "\x1b[2J" not in out.getvalue()


def test_tables_of_classes_in_the_log() -> None:
    text = class_table("AP", [CLEAR], {"AP": np.array([50.0])})
    assert SHOWN in text
    assert "\x1b" not in text
