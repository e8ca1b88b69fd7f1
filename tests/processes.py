"""Processes for tests, forked from a server that has imported the packages once.

A new Python would spend several seconds on these imports.
"""

from __future__ import annotations

import gc
import multiprocessing
import multiprocessing.forkserver
import os
import socket
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from mmpretrain_imbalance.apis.comparison.runs.job_process import PRELOADED
from tests.unformatted_configs import leave_configs_unformatted
from tools._lib.cpu_processes import leave_process_group

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT = 300

_CONTEXT = multiprocessing.get_context("forkserver")
# The last module leaves all imported objects out of garbage collections, which would copy them in a fork.
_CONTEXT.set_forkserver_preload(["pytest", "timm", PRELOADED])


def start_server() -> None:
    """Start the server of which the processes are forks, unless it is running."""
    # Processes have the environment of the server: this repository, and gloo also where there is a GPU.
    environment = dict(PYTHONPATH=str(ROOT), OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="")
    with patch.dict(os.environ, environment):
        multiprocessing.forkserver.ensure_running()


def run_ranks(function: Callable[..., Any], world_size: int, *arguments: Any) -> list[Any]:
    """Call ``function(*arguments)`` once per rank, each in a process of its own, and return the results.

    The environment has the variables of ``torchrun``; a function that needs a process group starts it.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    group = dict(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), WORLD_SIZE=str(world_size))
    ranks = [
        _start(function, arguments, dict(group, RANK=str(rank), LOCAL_RANK=str(rank)))
        for rank in range(world_size)
    ]
    results: dict[int, Any] = {}
    try:
        running = {receiver: rank for rank, (_, receiver) in enumerate(ranks)}
        while running:
            # The first rank that fails is reported: the others may wait for it.
            ended = wait(list(running), TIMEOUT)
            assert ended, f"the ranks {sorted(running.values())} have not ended after {TIMEOUT} s"
            for receiver in ended:
                rank = running.pop(receiver)
                result, failure = _outcome(*ranks[rank])
                assert failure is None, f"rank {rank}: {failure}"
                results[rank] = result
    finally:
        for process, _ in ranks:
            process.kill()
    return [results[rank] for rank in range(world_size)]


def exit_code(function: Callable[..., Any], *arguments: Any) -> int | None:
    """Return the exit code of a process that a signal ends during a function: minus the signal."""
    process, receiver = _start(function, arguments, {})
    try:
        assert receiver.poll(TIMEOUT), f"the process has not ended after {TIMEOUT} s"
        _, failure = _outcome(process, receiver)
        assert process.exitcode, f"no signal has ended the process. {failure or ''}"
    finally:
        process.kill()
    return process.exitcode


def is_running(process: int) -> bool:
    """Return whether a process has not ended. A process that nobody has collected yet has ended."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # the second: it ended while it was read
        return False
    return state != "Z"


def _start(
    function: Callable[..., Any], arguments: tuple, variables: dict[str, str]
) -> tuple[BaseProcess, Connection]:
    start_server()
    receiver, sender = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_run, args=(function, arguments, variables, sender))
    process.start()
    sender.close()
    return process, receiver


def _run(
    function: Callable[..., Any], arguments: tuple, variables: dict[str, str], sender: Connection
) -> None:
    gc.freeze()  # MMEngine collects garbage for each dataset: leave out what is imported
    os.environ.update(variables)
    torch.set_num_threads(1)
    leave_configs_unformatted()
    try:
        sender.send((function(*arguments), None))
    except BaseException:
        sender.send((None, traceback.format_exc()))
    finally:
        leave_process_group()


def _outcome(process: BaseProcess, receiver: Connection) -> tuple[Any, str | None]:
    """Return the result of a process and, if it failed, the reason."""
    try:
        result, failure = receiver.recv()
    except EOFError:
        result, failure = None, None
    process.join(TIMEOUT)
    if failure is None and process.exitcode != 0:
        failure = f"the process ended with exit code {process.exitcode}"
    return result, failure
