"""Some kills of every scenario, and deliberately wrong writers, which must be found."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.faults import kills
from tests.faults.disk_changes import Fault
from tests.faults.rows import Row
from tests.faults.scenarios import ConvertTable, Scenario
from tests.processes import run_ranks

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux"),
]
#: With this seed, every command of a single process is killed, and finds a full disk.
SEED = 352
NAMES = list(kills.SCENARIOS)
#: Scenarios that import the same packages share a process.
GROUPS = [NAMES[:4], NAMES[4:7], NAMES[7:10], NAMES[10:]]


def number_of_cases(name: str) -> int:
    """Trainings take longer, those with several processes most."""
    if "data loader" in name or "ranks" in name:
        return 1
    return 6 if "convert" in name else 2 if "train" in name else 3


def run_campaigns(folder: Path, names: list[str]) -> dict[str, list[Row]]:
    """Return a row of kills and one of full disks for each scenario."""
    rows = {}
    for name in names:
        (folder / name).mkdir()
        scenarios = [kills.SCENARIOS[name]]
        rows[name] = kills.campaign(number_of_cases(name), SEED, folder / name, print, scenarios=scenarios)
    return rows


@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0])
def test_kills_at_drawn_changes(tmp_path: Path, names: list[str]) -> None:
    (found,) = run_ranks(run_campaigns, 1, tmp_path, names)
    assert list(found) == names
    for name, (killed, full) in found.items():
        assert killed.failures + full.failures == []
        assert killed.tried + full.tried == number_of_cases(name)
        assert killed.tried > 0
        assert full.tried > 0 or number_of_cases(name) == 1


class WriteInPlace(Scenario):
    """A writer that empties its file before it writes it, as a reader of the file must not see."""

    name = "write in place"

    def start(self, inputs: Path, folder: Path) -> None:
        (folder / "counts.json").write_text(json.dumps(list(range(100))))

    def command(self, inputs: Path) -> list[str]:
        lines = ["import json", "with open('counts.json', 'w') as file:", "    json.dump([1] * 200, file)"]
        (inputs / "write.py").write_text("\n".join(lines) + "\n")
        return [f"{inputs}/write.py"]


class LeaveAFile(WriteInPlace):
    """A writer that renames a finished file, but never removes what a killed call has left."""

    name = "leave a file"

    def command(self, inputs: Path) -> list[str]:
        lines = ["import json, os", "name = f'{os.getpid()}.part'"]
        lines += ["json.dump([1] * 200, open(name, 'w'))", "os.rename(name, 'counts.json')"]
        (inputs / "write.py").write_text("\n".join(lines) + "\n")
        return [f"{inputs}/write.py"]


class RandomResult(WriteInPlace):
    name = "another result in each call"

    def command(self, inputs: Path) -> list[str]:
        (inputs / "write.py").write_text("import os\nopen('a.txt', 'w').write(str(os.getpid()))\n")
        return [f"{inputs}/write.py"]


class SilentFailure(WriteInPlace):
    """A writer that says nothing about a full disk."""

    name = "silent failure"

    def command(self, inputs: Path) -> list[str]:
        lines = ["import sys", "try:", "    open('a.txt', 'w').close()", "except OSError:", "    sys.exit(1)"]
        (inputs / "write.py").write_text("\n".join(lines) + "\n")
        return [f"{inputs}/write.py"]


def broken_laws(folder: Path) -> list[str | None]:
    found = []
    cases = [(WriteInPlace(), "cut@1+50"), (WriteInPlace(), "full@1"), (LeaveAFile(), "kill@2")]
    cases += [(RandomResult(), "kill@1"), (SilentFailure(), "nofiles@1")]
    for number, (scenario, fault) in enumerate(cases):
        prepared = kills.prepare(scenario, folder / str(number))
        found.append(kills.broken_law(prepared, [Fault.parse(fault)], folder / str(number) / "run"))
    return found


def test_wrong_writers_are_found(tmp_path: Path) -> None:
    (found,) = run_ranks(broken_laws, 1, tmp_path)
    first = [reason.splitlines()[0] for reason in found]
    assert first[:2] == ["counts.json is not complete", "a traceback is printed after full@1"]
    assert first[2].startswith("the result differs: ")
    assert first[2].endswith(".part (left over)")
    assert first[3] == "the result differs: a.txt (another content)"
    assert first[4] == "nothing is said about the full disk after nofiles@1"


def convert_in_place(folder: Path) -> list[Row]:
    """Let the writer of label stores write into the final folder."""
    from mmpretrain_imbalance.datasets.label_store import files, writer

    def publish_first(beside: Path, arrays: dict, metadata: dict, write=files.write_arrays) -> None:
        target = beside.parent / "labels"
        target.mkdir()
        write(target, arrays, metadata)

    with (
        patch.object(writer, "write_arrays", publish_first),
        patch.object(writer, "publish", lambda beside, folder: None),
    ):
        return kills.campaign(6, SEED, folder, print, scenarios=[ConvertTable()])


def test_a_label_store_that_is_written_in_place_is_found(tmp_path: Path) -> None:
    (rows,) = run_ranks(convert_in_place, 1, tmp_path)
    failures = [failure for row in rows for failure in row.failures]
    assert any("labels/ exists and is not complete" in failure for failure in failures)
    assert failures[0].startswith(f"python tests/faults/campaign.py --case {ConvertTable.name!r} ")


def test_the_same_seed_draws_the_same_cases() -> None:
    prepared = [kills.Prepared(scenario, Path(), 50, {}) for scenario in kills.SCENARIOS.values()]
    cases = kills.draw_cases(prepared, 1000, 3)
    assert cases == kills.draw_cases(prepared, 1000, 3)
    assert cases != kills.draw_cases(prepared, 1000, 4)
    assert len(cases) == pytest.approx(1000, abs=10)
    assert sum(case.scenario.startswith("train") for case in cases) >= 250
    assert {case.scenario for case in cases} == set(kills.SCENARIOS)
    faults = [fault for case in cases for fault in case.faults]
    assert {fault.kind for fault in faults} == {"kill", "cut", "full", "nofiles", "lose"}
    assert {fault.change for fault in faults if fault.kind == "kill"} == set(range(1, 51))
    assert sum(len(case.faults) > 1 for case in cases) > 200
