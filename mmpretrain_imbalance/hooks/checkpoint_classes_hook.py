"""Hook that checks the classes of a checkpoint before it is evaluated."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from .label_statistics.class_order import check_checkpoint_classes


class CheckpointClassesHook(Hook):
    """Hook that raises if a checkpoint is evaluated on classes that it was not trained on.

    The order of the classes must be the same too, see ``check_checkpoint_classes``. The tools register the
    hook in every run.
    """

    priority = "VERY_HIGH"  # before other hooks use the checkpoint

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        check_checkpoint_classes(runner, checkpoint)
