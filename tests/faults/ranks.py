"""A training of two ranks, one of which may be killed."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS

from tools._lib.cpu_processes import leave_process_group

from .called_tool import handed_down, run_tool
from .disk_changes import DiskChanges, Fault
from .forked import Forked

_STEP = "LOSE_RANK_BEFORE_STEP"


@HOOKS.register_module(force=True)
class LoseRank(Hook):
    """Hook that kills this process before one of its training and validation steps."""

    def __init__(self) -> None:
        self.steps = 0

    def before_train_iter(self, runner: Runner, *args, **kwargs) -> None:
        self._count()

    def before_val_iter(self, runner: Runner, *args, **kwargs) -> None:
        self._count()

    def _count(self) -> None:
        self.steps += 1
        if str(self.steps) == os.environ.get(_STEP):
            os.kill(os.getpid(), signal.SIGKILL)


def start_ranks(
    command: Sequence[str], folder: Path, fault: Fault | None, file: BinaryIO | None = None
) -> list[Forked]:
    """Start both ranks of a command.

    Args:
        command: Path of the tool below ``tools``, and its arguments.
        folder: Current folder of the processes.
        fault: A fault of the kind 'lose' happens in rank 1, another one in rank 0, which writes all files.
        file: File into which rank 0 writes what ``take_over`` reads, or None.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def start(rank: int) -> Forked:
        group = dict(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), WORLD_SIZE="2")
        environment = dict(group, RANK=str(rank), LOCAL_RANK=str(rank))

        def run() -> None:
            os.environ.update(environment)
            handing = nullcontext()
            if fault is not None and fault.kind == "lose":
                os.environ.update({_STEP: str(fault.change)} if rank == 1 else {})
            elif rank == 0:
                changes = DiskChanges(folder, fault)
                handing = nullcontext() if file is None else handed_down(file, changes)
            try:
                with handing:
                    run_tool(command, folder)
            finally:
                leave_process_group()

        return Forked(run)

    return [start(0), start(1)]
