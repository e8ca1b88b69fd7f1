"""Progress of jobs: bars on a terminal, few lines elsewhere."""

from __future__ import annotations

import io

from rich.console import Console

from mmpretrain_imbalance.apis.comparison.runs import job_progress
from mmpretrain_imbalance.apis.comparison.runs.job_process import Job
from mmpretrain_imbalance.apis.comparison.runs.job_progress import JobProgress


def shown(is_terminal, total_steps=40):
    """Return what is shown for ten jobs of four steps, the third of which fails."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=is_terminal, width=80, color_system=None)
    with JobProgress(total_steps, console) as progress:
        for index in range(10):
            job = Job(f"job [b] {index}", print, (), 4)
            progress.start(job)
            for step in range(4):
                progress.update(job, step + 1)
            progress.end(job, "ValueError: wrong\nTraceback" if index == 2 else None)
        if progress._bars is not None:
            assert progress._bars.finished
            assert len(progress._bars.tasks) == 1
    return file.getvalue()


def test_file_gets_a_line_at_the_end_and_one_for_each_failed_job():
    failed, end = shown(False).splitlines()
    assert failed.endswith("ERROR - job [b] 2 failed: ValueError: wrong")
    assert "10 jobs have ended, 1 of them failed; 0 are running; 40 of 40 steps are finished" in end
    assert "40 steps are finished" in shown(False, total_steps=0)


def test_file_gets_a_line_per_interval(monkeypatch):
    monkeypatch.setattr(job_progress, "_LINE_INTERVAL", 0.0)
    lines = shown(False).splitlines()
    assert len(lines) == 42
    assert "0 jobs have ended; 1 are running; 1 of 40 steps" in lines[0]


def test_terminal_gets_bars():
    text = shown(True)
    assert "steps of all jobs" in text
    assert "job [b] 2 failed: ValueError: wrong" in text
