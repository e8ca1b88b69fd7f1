"""Faults at drawn changes of the disk, in every scenario."""

from __future__ import annotations

import importlib
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from .disk_changes import FULL, Fault
from .forked import Ended, orphans, run_forked
from .rows import BrokenLawError, Report, Row
from .scenarios import ALL as COMMANDS
from .scenarios import Content, Scenario
from .training_scenarios import ALL as TRAININGS

SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in (*COMMANDS, *TRAININGS)}
FULL_DISK = Row(
    "full disk, in all these commands",
    0,
    0,
    "the command ends with a sentence and an exit status other than 0, or goes on where the documentation "
    "says so; no earlier result is lost; with free space, the same command ends with the same result",
)
#: Beginning of a command that repeats one case.
REPEAT = "python tests/faults/campaign.py --case"


@dataclass(frozen=True)
class Prepared:
    """A scenario with its input files and its unbroken result.

    Attributes:
        scenario: The scenario.
        inputs: Folder of the input files.
        num_changes: Number of changes of the disk of the unbroken command.
        expected: Content after the unbroken command.
    """

    scenario: Scenario
    inputs: Path
    num_changes: int
    expected: Content


def prepare(scenario: Scenario, folder: Path) -> Prepared:
    """Write the input files of a scenario, and run its command without a fault.

    Args:
        scenario: The scenario.
        folder: Folder for all files.

    Raises:
        BrokenLawError: If the unbroken command does not end as it should.
    """
    inputs, unbroken = folder / "inputs", folder / "unbroken"
    for path in (inputs, unbroken):
        path.mkdir(parents=True)
    if scenario.package:
        importlib.import_module(scenario.package)
    ended = run_forked(lambda: scenario.prepare(inputs))
    if ended.status != 0:
        raise BrokenLawError(f"The inputs of {scenario.name!r} could not be written: {ended.output}")
    scenario.start(inputs, unbroken)
    count, ended = scenario.count_changes(inputs, unbroken)
    if ended.status != scenario.status:
        raise BrokenLawError(f"The unbroken command of {scenario.name!r} has failed: {ended.output}")
    return Prepared(scenario, inputs, count, scenario.content(unbroken))


def broken_law(prepared: Prepared, faults: Sequence[Fault], folder: Path) -> str | None:
    """Let faults happen in consecutive calls of a command, call it again, and check all laws.

    Args:
        prepared: The scenario.
        faults: The faults, one for each call.
        folder: A new folder for the files of the calls.

    Returns:
        The law that does not hold, or None.
    """
    folder.mkdir(parents=True)
    prepared.scenario.start(prepared.inputs, folder)
    ended = None
    try:
        before = prepared.scenario.content(folder)
        for fault in faults:
            ended = prepared.scenario.call(prepared.inputs, folder, fault)
            _check_end(prepared, fault, ended)
            after = prepared.scenario.content(folder)
            prepared.scenario.check(folder, before, after, prepared.expected)
            before = after
        ended = None
        _check_repair(prepared, folder)
        if left := orphans():
            raise BrokenLawError(f"processes remain: {left}")
    except BrokenLawError as error:
        orphans(0)
        return f"{error}{'' if ended is None else _last_lines(ended)}"
    return None


def _check_end(prepared: Prepared, fault: Fault, ended: Ended) -> None:
    """Check how a command has ended that had a fault, unless it ended before it came to the change."""
    if ended.status is None:
        raise BrokenLawError(f"the command has not ended after {fault}")
    if fault.kind in FULL:
        if ended.status < 0:
            raise BrokenLawError(f"signal {-ended.status} has ended the command after {fault}")
        if "Traceback" in ended.output:
            raise BrokenLawError(f"a traceback is printed after {fault}")
        said = "must have space" in ended.output or "could not be written" in ended.output
        if not said and not _is_done(prepared, ended) and ended.status != prepared.scenario.status:
            raise BrokenLawError(f"nothing is said about the full disk after {fault}")
    elif ended.status >= 0 and ended.status != prepared.scenario.status and not _is_done(prepared, ended):
        raise BrokenLawError(f"the command has failed instead of being killed by {fault}")


def _check_repair(prepared: Prepared, folder: Path) -> None:
    scenario = prepared.scenario
    ended = scenario.call(prepared.inputs, folder)
    found, expected = scenario.content(folder), prepared.expected
    if ended.status != scenario.status and not _is_done(prepared, ended):
        raise BrokenLawError(f"the same command fails with status {ended.status}{_last_lines(ended)}")
    if "Traceback" in ended.output:
        raise BrokenLawError(f"the same command prints a traceback{_last_lines(ended)}")
    different = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
    if different:
        states = [f"{name} ({_difference(found.get(name), expected.get(name))})" for name in different]
        raise BrokenLawError(f"the result differs: {', '.join(states)}{_last_lines(ended)}")


def _difference(found: str | None, expected: str | None) -> str:
    return "missing" if found is None else "left over" if expected is None else "another content"


def _is_done(prepared: Prepared, ended: Ended) -> bool:
    """Return whether the command has rejected a result that is complete."""
    done = prepared.scenario.done
    return bool(done) and ended.status in (1, 2) and done in ended.output


def _last_lines(ended: Ended) -> str:
    return f"\nExit status {ended.status}, output:\n{ended.output[-3000:]}"


@dataclass(frozen=True)
class Case:
    """Faults in consecutive calls of a scenario."""

    scenario: str
    faults: list[Fault]

    @property
    def command(self) -> str:
        """Command that repeats this case."""
        return f"{REPEAT} {self.scenario!r} {' '.join(map(str, self.faults))}"


def draw_cases(prepared: Sequence[Prepared], count: int, seed: int) -> list[Case]:
    """Draw cases of all scenarios, in proportion to their weights; each scenario has at least one.

    Args:
        prepared: The scenarios.
        count: Number of cases.
        seed: Seed of the random numbers.
    """
    total = sum(one.scenario.weight for one in prepared)
    cases = []
    for one in prepared:
        for index in range(max(1, round(count * one.scenario.weight / total))):
            generator = random.Random(f"{seed} {one.scenario.name} {index}")
            cases.append(Case(one.scenario.name, one.scenario.draw(generator, one.num_changes)))
    return cases


def run_case(prepared: Prepared, case: Case, folder: Path) -> str | None:
    """Run a case in a temporary folder, which remains if a law does not hold; return this law."""
    own = Path(tempfile.mkdtemp(prefix="case_", dir=folder))
    reason = broken_law(prepared, case.faults, own / "run")
    if reason is None:
        shutil.rmtree(own, ignore_errors=True)
    return reason


def campaign(
    count: int,
    seed: int,
    folder: Path,
    report: Report,
    jobs: int = 1,
    scenarios: Sequence[Scenario] = tuple(SCENARIOS.values()),
) -> list[Row]:
    """Let faults happen in all scenarios.

    Args:
        count: Number of cases.
        seed: Seed of all draws.
        folder: Folder for temporary files.
        report: Function that gets lines of text about the progress.
        jobs: Number of processes.
        scenarios: The scenarios.

    Returns:
        A row for each scenario, and one for full disks.
    """
    prepared = {}
    for number, scenario in enumerate(scenarios):
        prepared[scenario.name] = prepare(scenario, folder / str(number))
        changes = prepared[scenario.name].num_changes
        report(f"{scenario.name}: {changes} changes of the disk without a fault")
    rows = {scenario.name: Row(scenario.name, 0, 0, scenario.law) for scenario in scenarios}
    full = Row(FULL_DISK.scenario, 0, 0, FULL_DISK.law)
    cases = draw_cases(list(prepared.values()), count, seed)
    remaining = {name: sum(case.scenario == name for case in cases) for name in rows}
    for case, reason in _outcomes(prepared, cases, folder, jobs):
        row = full if case.faults[0].kind in FULL else rows[case.scenario]
        row.tried += 1
        if reason is not None:
            row.failed += 1
            row.failures.append(f"{case.command}\n  {reason.splitlines()[0]}")
            report(f"FAILED: {row.failures[-1]}")
        remaining[case.scenario] -= 1
        if not remaining[case.scenario]:
            report(f"{case.scenario}: {rows[case.scenario].tried} kills")
    return [*rows.values(), full]


def _outcomes(
    prepared: dict[str, Prepared], cases: Sequence[Case], folder: Path, jobs: int
) -> Iterator[tuple[Case, str | None]]:
    if jobs == 1:
        yield from ((case, run_case(prepared[case.scenario], case, folder)) for case in cases)
        return
    with ProcessPoolExecutor(jobs, get_context("fork")) as pool:
        run: Callable[[Case], str | None] = _RunCase(prepared, folder)
        yield from zip(cases, pool.map(run, cases))


@dataclass(frozen=True)
class _RunCase:
    prepared: dict[str, Prepared]
    folder: Path

    def __call__(self, case: Case) -> str | None:
        return run_case(self.prepared[case.scenario], case, self.folder)
