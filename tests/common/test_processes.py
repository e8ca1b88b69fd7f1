"""Ranks that raise an error or are killed fail their test."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.processes import exit_code, run_ranks


def rank_and_world_size() -> tuple[int, int]:
    return int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])


def fail_on_rank_1() -> None:
    if os.environ["RANK"] == "1":
        raise ValueError("an error of one rank")
    time.sleep(60)  # as in a collective operation that waits for the other rank


def fail() -> None:
    raise ValueError("an error")


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_results_are_in_the_order_of_the_ranks() -> None:
    assert run_ranks(rank_and_world_size, 3) == [(0, 3), (1, 3), (2, 3)]


def test_an_error_on_one_rank_raises() -> None:
    with pytest.raises(AssertionError, match=r"rank 1: (.|\n)*ValueError: an error of one rank"):
        run_ranks(fail_on_rank_1, 2)


def test_a_killed_rank_raises() -> None:
    with pytest.raises(AssertionError, match="rank 0: the process ended with exit code -9"):
        run_ranks(kill, 1)
    assert exit_code(kill) == -signal.SIGKILL


def test_a_process_that_no_signal_ends_raises() -> None:
    with pytest.raises(AssertionError, match=r"no signal has ended the process(.|\n)*ValueError: an error"):
        exit_code(fail)
