"""Hook that ends a training with a checkpoint after a signal of a scheduler."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from mmengine.dist import all_reduce, barrier
from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS

from .label_statistics.setup_checks import is_iteration_based
from .label_statistics_hook import LabelStatisticsHook

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGUSR1") if hasattr(signal, name))


@HOOKS.register_module()
class StopOnSignalHook(Hook):
    """Hook that ends a training with a checkpoint after SIGTERM or SIGUSR1, so that it can be resumed.

    A scheduler sends a signal before it takes the machines of a job. If any rank has received one, all ranks
    save a checkpoint at the next point from which a resumed run equals an unbroken one, whatever the interval
    of ``CheckpointHook`` is, and end with the exit status 128 + the number of the signal: 143 for SIGTERM,
    138 for SIGUSR1. This point is

    - in a run by epochs, the end of the epoch, and of its validation if one is due. MMEngine resumes such a
      run at the start of an epoch only: a checkpoint within an epoch contains neither the position in the
      data nor what losses and random generators have gathered since its start. If the time does not suffice
      for the rest of the epoch, the run is killed, and resumes from its last checkpoint;
    - in a run by iterations, the next update of :class:`LabelStatisticsHook`. MMEngine continues such a run
      at any iteration, but gathered statistics are not in a checkpoint.

    A signal in the last epoch changes nothing, and further signals are ignored. Schedulers send a signal to
    all processes of a job, so the processes of the data loaders ignore it on Linux. Those of a run by
    iterations do not, because MMEngine starts them before any hook: they end, and the run with them, without
    a checkpoint. Set ``train_dataloader.num_workers=0`` there. ``tools/train.py`` registers this hook.

    Args:
        interval: Iterations between two agreements of several ranks in a run by iterations without
            :class:`LabelStatisticsHook`.

    Raises:
        ValueError: If the interval is not a positive integer.

    Example:
        >>> StopOnSignalHook().interval
        10
    """

    # Before CheckpointHook saves, and before other hooks prepare the next epoch.
    priority = "VERY_HIGH"

    def __init__(self, interval: int = 10) -> None:
        if not isinstance(interval, int) or isinstance(interval, bool) or interval < 1:
            raise ValueError(
                "The 'interval' argument of StopOnSignalHook must be a positive integer, the number of "
                f"iterations between two agreements of the ranks. Got {interval!r} instead."
            )
        self.interval = interval
        self._received = 0
        self._is_announced = False
        self._agreed = 0
        self._replaced: dict[int, Any] = {}

    def before_train(self, runner: Runner) -> None:
        if threading.current_thread() is not threading.main_thread():  # Python has handlers only there
            return
        self._replaced = {number: signal.signal(number, self._receive) for number in _SIGNALS}
        if not hasattr(signal, "sigwaitinfo"):  # macOS and Windows
            return
        loops = [runner.train_loop, runner.val_loop]
        for loader in [loop.dataloader for loop in loops if loop is not None]:
            if loader.num_workers:
                loader.worker_init_fn = partial(_start_worker, first=loader.worker_init_fn)

    def before_train_epoch(self, runner: Runner) -> None:
        self._stop_if_agreed(runner)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        if is_iteration_based(runner):
            self._stop_if_agreed(runner)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        if self._received and not self._is_announced:
            self._is_announced = True
            runner.logger.warning(
                f"The process has received {signal.Signals(self._received).name}. The training saves a "
                "checkpoint and ends as soon as it can be resumed exactly. SIGINT ends it at once."
            )
        if is_iteration_based(runner) and self.every_n_train_iters(runner, self._interval(runner)):
            self._agree(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        if not is_iteration_based(runner):
            self._agree(runner)

    def after_train(self, runner: Runner) -> None:
        self._restore_handlers()

    def _receive(self, number: int, frame: object) -> None:
        # Nothing else is safe here: the process may be within any statement, also of the logger.
        self._received = number

    def _interval(self, runner: Runner) -> int:
        for hook in runner.hooks:
            if isinstance(hook, LabelStatisticsHook) and hook.interval is not None:
                return hook.interval
        return self.interval if runner.world_size > 1 else 1

    def _agree(self, runner: Runner) -> None:
        """Let CheckpointHook save now if any rank has received a signal."""
        received = torch.tensor(self._received)
        all_reduce(received, "max")
        self._agreed = int(received)
        if not self._agreed:
            return
        for hook in runner.hooks:
            if isinstance(hook, CheckpointHook) and hook.by_epoch != is_iteration_based(runner):
                hook.interval, hook.save_begin = 1, 0

    def _stop_if_agreed(self, runner: Runner) -> None:
        if not self._agreed:
            return
        barrier()  # a launcher ends all ranks when one has ended, and rank 0 may still be saving
        self._restore_handlers()
        runner.logger.warning(
            f"The training ends because of {signal.Signals(self._agreed).name}. The same command with "
            "--resume continues it."
        )
        raise SystemExit(128 + self._agreed)

    def _restore_handlers(self) -> None:
        for number, handler in self._replaced.items():
            signal.signal(number, handler)
        self._replaced = {}


def _start_worker(worker_id: int, first: Callable[[int], None] | None) -> None:
    """Start a process of a data loader that ends only if the process of its run tells it so."""
    if first is not None:
        first(worker_id)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    threading.Thread(target=_end_with_run, daemon=True).start()


def _end_with_run() -> None:
    # Only this function tells who has sent a signal.
    while signal.sigwaitinfo({signal.SIGTERM}).si_pid != os.getppid():
        pass
    os._exit(0)
