"""A damaged file of any format is an error that names it, or has the labels that its bytes plainly say.

`python tests/faults/campaign.py` damages many more files. A failed case is repeated, with its traceback, by
`python -m tests.faults.damaged_files FORMAT SEED CASE`.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmpretrain_imbalance.datasets.annotations.csv_table import read_annotation_csv
from mmpretrain_imbalance.utils.json_content import parse_json
from tests.faults import damaged_files, limits
from tests.faults.byte_mutations import BYTE_MUTATIONS
from tests.faults.damaged_files import FORMATS, Example, campaign, check_error, run_cases
from tests.faults.file_formats import FileFormat, of_store
from tests.faults.plain_readers import Labels, annotation_csv
from tests.faults.rows import BrokenLawError
from tests.faults.structure_mutations import STRUCTURE_MUTATIONS

SEED, CASES = 20261130, 60


@pytest.mark.parametrize("name", FORMATS)
def test_damage_of_one_file(tmp_path: Path, name: str) -> None:
    counts, failures = run_cases(FORMATS[name], range(CASES), SEED, tmp_path)
    assert failures == []
    assert sum(counts.values()) == CASES
    assert counts["accepted"] > 0
    assert counts["rejected"] > 0 or name == "last_checkpoint"


def test_every_case_can_be_repeated(tmp_path: Path) -> None:
    """The bytes depend on format, seed and case only, not on the time or the folder."""
    drawn = []
    for folder in (tmp_path / "first", tmp_path / "second" / "one"):
        bytes_of_case = {}
        for name, form in FORMATS.items():
            example = Example(form, folder / name)
            for case in range(5):
                file = example.damage(1, case)
                bytes_of_case[name, case] = file, (example.folder / file).read_bytes()
                example.restore(file)
        if not drawn:
            time.sleep(2.1)  # archives have the time in units of two seconds
        drawn.append(bytes_of_case)
    assert [key for key, content in drawn[0].items() if drawn[1][key] != content] == []
    differ = [len({content for (form, _), content in drawn[0].items() if form == name}) for name in FORMATS]
    assert min(differ) == 5


def test_all_mutations_change_bytes() -> None:
    table = b"image,cat,dog\na.jpg,1,0\nb.jpg,,1\n"
    xml = b"<a><b c='1'>2</b><d/></a>"
    contents = {".json": b'{"a": [1, {"b": 2}]}', ".xml": xml}
    for mutate, content in [
        *((mutate, table) for mutate in BYTE_MUTATIONS),
        *((mutate, contents.get(suffix, table)) for suffix, mutate in STRUCTURE_MUTATIONS.items()),
    ]:
        results = {mutate(content, np.random.default_rng(seed)) for seed in range(30)}
        assert len(results - {content}) >= 3, mutate
        for tiny in (b"", b"a"):
            if mutate in BYTE_MUTATIONS:
                assert isinstance(mutate(tiny, np.random.default_rng(0)), bytes)


def test_the_campaign_covers_all_formats(tmp_path: Path) -> None:
    lines: list[str] = []
    rows = campaign(len(FORMATS) + 1, 3, tmp_path, lines.append)
    assert [row.tried for row in rows] == [2] + [1] * (len(FORMATS) - 1)
    assert [row.scenario for row in rows] == [f"damaged {name}" for name in FORMATS]
    assert all(row.failures == [] and row.law for row in rows)
    assert lines[0].startswith("annotation_csv: 2 files, ")
    assert len(lines) == len(FORMATS)


# A campaign is worth something only if it finds wrong readers.
CONTENT = "image,cat,dog,elk\na.jpg,1,0,1\nb.jpg,0,1,0\nphotos/c.jpg,1,0,1\n"


def lenient(path: Path) -> Labels:
    """Take what is no 1 for negative, and skip what cannot be read."""
    lines = path.read_bytes().decode("utf-8", "ignore").splitlines() or [""]
    classes = lines[0].split(",")[1:]
    cells = [line.split(",") for line in lines[1:]]
    return classes, [
        (name, [int(cell == "1") for cell in row]) for name, *row in cells if len(row) == len(classes)
    ]


def ignores_checks(path: Path) -> Labels:
    try:
        return of_store(read_annotation_csv(str(path)))
    except ValueError as error:
        raise ValueError("wrong file") from error


def waits(path: Path) -> Labels:
    if path.stat().st_size != len(CONTENT):
        time.sleep(30)
    return annotation_csv(path)


def fills_memory(path: Path) -> Labels:
    if path.stat().st_size != len(CONTENT):
        np.ones(70 * 2**17)
    return annotation_csv(path)


def writes(path: Path) -> Labels:
    with open(path.parent.parent / "elsewhere", "w"):
        return annotation_csv(path)


def runs_a_program(path: Path) -> Labels:
    subprocess.run(["true"], check=True)
    return annotation_csv(path)


def connects(path: Path) -> Labels:
    with socket.socket() as connection:
        connection.connect_ex(("127.0.0.1", 9))
    return annotation_csv(path)


WRONG_READERS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "lenient": (lenient, r"accepted as .*(instead of|which is wrong)"),
    "plain": (annotation_csv, r"a traceback of \w*Error|IndexError|KeyError"),
    "without the name": (ignores_checks, r"a message without the file: wrong file|a traceback"),
    "waits": (waits, r"it took more than 0.2 seconds"),
    "fills the memory": (fills_memory, r"it took [67]\d MB of memory"),
    "writes": (writes, r"it changed .*elsewhere \(open\)"),
    "runs a program": (runs_a_program, r"it called subprocess.Popen"),
    "connects": (connects, r"it called socket.connect"),
}


@pytest.mark.parametrize("reader", WRONG_READERS)
def test_wrong_readers_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str) -> None:
    read, reason = WRONG_READERS[reader]
    if reader == "waits":
        monkeypatch.setattr(limits, "SECONDS", 0.2)
    if reader == "fills the memory":
        monkeypatch.setattr(limits, "MEGABYTES", 50)
        np.ones(90 * 2**17)  # the process had more memory before
    form = FileFormat(
        "table",
        lambda folder: (folder / "a.csv").write_text(CONTENT),
        ("a.csv",),
        lambda folder: read(folder / "a.csv"),
        lambda folder: annotation_csv(folder / "a.csv"),
    )
    cases = range(1) if reader in ("waits", "fills the memory") else range(40)
    counts, failures = run_cases(form, cases, 0, tmp_path)
    assert failures
    assert len(failures) + sum(counts.values()) == len(cases)
    assert [failure for failure in failures if failure.startswith("table 0 ")] == failures
    found = [failure for failure in failures if re.search(reason, failure)]
    assert found, failures[0]


@pytest.mark.parametrize(
    ("subject", "law"),
    [
        ("The file {path}", None),
        ("The file a.json", "a message without the file"),
        ("The folder {folder}", "a message without the file"),
        ("The file {path} \x1b[2J", "a message with control characters"),
        ("The file {path}\nand another", "a message with control characters"),
        ("The file {path} " + "x" * 2500, r"a message of 2\d\d\d characters"),
    ],
)
def test_laws_of_messages(tmp_path: Path, subject: str, law: str | None) -> None:
    path = tmp_path / "a.json"
    with pytest.raises(ValueError, match="must be complete JSON") as error:
        parse_json("", subject.format(path=path, folder=tmp_path))
    if law is None:
        check_error(error.value, tmp_path, ["b.csv", "parts/a.json"])
        return
    with pytest.raises(BrokenLawError, match=law):
        check_error(error.value, tmp_path, ["b.csv", "parts/a.json"])


@pytest.mark.parametrize(
    "kind", [KeyError, RecursionError, MemoryError, AssertionError, UnicodeDecodeError, ValueError]
)
def test_other_kinds_of_errors_are_found(tmp_path: Path, kind: type[Exception]) -> None:
    """A ValueError of another package is shown with its traceback, so it is no message for users."""
    arguments = ("utf-8", b"", 0, 1, "a.json") if kind is UnicodeDecodeError else (f"{tmp_path}/a.json",)
    with pytest.raises(kind) as error:
        raise kind(*arguments)
    with pytest.raises(BrokenLawError, match=kind.__name__):
        check_error(error.value, tmp_path, ["a.json"])


def test_a_case_is_repeated_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    example = Example(FORMATS["annotation_csv"], tmp_path / "example")
    words = []
    for case in range(4):
        name = example.damage(0, case)
        kept = tmp_path / f"kept_{case}"
        monkeypatch.setattr(
            sys, "argv", ["damaged_files", "annotation_csv", "0", str(case), "--keep", str(kept)]
        )
        damaged_files.main()
        assert (kept / name).read_bytes() == (example.folder / name).read_bytes()
        words.append(capsys.readouterr().out.splitlines()[-1].split(":")[0])
        assert words[-1] == ("accepted" if example.check() is None else "rejected")
        example.restore(name)
    assert set(words) == {"accepted", "rejected"}
    wrong = replace(FORMATS["annotation_csv"], plain=lambda folder: "other labels")
    monkeypatch.setitem(FORMATS, "annotation_csv", wrong)
    monkeypatch.setattr(sys, "argv", ["damaged_files", "annotation_csv", "0", "0"])
    with pytest.raises(BrokenLawError, match="the valid example is read as"):
        damaged_files.main()
