"""Hook of a training that loses a machine."""

from __future__ import annotations

import os
import signal

from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS


@HOOKS.register_module()
class LoseMachine(Hook):
    """Hook that kills this process and its torchrun in the second epoch, as if the machine had failed."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.epoch == 1 and batch_idx == 1 and os.environ.get("LOSE_THIS_MACHINE"):
            os.kill(os.getppid(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
