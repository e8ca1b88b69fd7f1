"""Progress of parallel jobs: bars on a terminal, a few lines elsewhere."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ....utils.printable import PrintableConsole
from .job_process import Job

#: Seconds between two lines where there is no terminal.
_LINE_INTERVAL = 30.0


class JobProgress:
    """Context in which the progress of jobs is shown.

    On a terminal, there is a bar for all jobs and one for each running job. Elsewhere, such as in a file,
    there is a line every 30 seconds, one at the end, and one for each job that failed.

    Args:
        total_steps: Number of steps of all jobs; 0 if it is not known.
        console: Where to write; None for the standard output.
    """

    def __init__(self, total_steps: int, console: Console | None = None) -> None:
        self.console = console or PrintableConsole()
        self.total_steps = total_steps
        self.num_ended = self.num_failed = 0
        self._running: dict[str, int] = {}
        self._ended_steps = 0
        self._started = self._last_line = time.monotonic()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = Progress(*columns, console=self.console) if self.console.is_terminal else None
        self._bar_of_job: dict[str, Any] = {}
        if self._bars is not None:
            self._bar_of_all = self._bars.add_task("steps of all jobs", total=total_steps or None)

    def __enter__(self) -> JobProgress:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._bars is not None:
            self._bars.stop()
        elif self.num_ended:
            self._print_line()

    def start(self, job: Job) -> None:
        """Show a job that has started."""
        self._running[job.name] = 0
        if self._bars is not None:
            self._bar_of_job[job.name] = self._bars.add_task(f"  {escape(job.name)}", total=job.steps)

    def update(self, job: Job, finished_steps: int) -> None:
        """Show the number of finished steps of a running job."""
        self._running[job.name] = finished_steps
        if self._bars is not None:
            self._bars.update(self._bar_of_job[job.name], completed=finished_steps)
            self._bars.update(self._bar_of_all, completed=self._finished_steps())
        elif time.monotonic() - self._last_line >= _LINE_INTERVAL:
            self._print_line()

    def end(self, job: Job, error: str | None) -> None:
        """Show that a job has ended, and its error.

        The steps that a failed job has not made count as finished: the bar of all jobs then reaches its end.
        """
        del self._running[job.name]
        self.num_ended += 1
        self._ended_steps += job.steps
        if self._bars is not None:
            self._bars.remove_task(self._bar_of_job.pop(job.name))
            self._bars.update(self._bar_of_all, completed=self._finished_steps())
        if error is not None:
            self.num_failed += 1
            self._print(f"ERROR - {job.name} failed: {error.splitlines()[0]}")

    def _finished_steps(self) -> int:
        return self._ended_steps + sum(self._running.values())

    def _print_line(self) -> None:
        self._last_line = time.monotonic()
        seconds = round(self._last_line - self._started)
        of_all = f" of {self.total_steps}" if self.total_steps else ""
        failed = f", {self.num_failed} of them failed" if self.num_failed else ""
        self._print(
            f"INFO - {self.num_ended} jobs have ended{failed}; {len(self._running)} are running; "
            f"{self._finished_steps()}{of_all} steps are finished after {seconds} s"
        )

    def _print(self, text: str) -> None:
        stamp = time.strftime("%Y/%m/%d %H:%M:%S")
        self.console.print(f"{stamp} - {text}", markup=False, highlight=False, soft_wrap=True)
