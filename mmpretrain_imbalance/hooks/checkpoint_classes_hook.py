"""A checkpoint is evaluated on its own classes, or not at all."""

from __future__ import annotations

from mmengine.hooks import Hook
from mmengine.runner import Runner

from .label_statistics.class_order import check_checkpoint_classes


class CheckpointClassesHook(Hook):
    """Compares the classes of a checkpoint with those of the data it is evaluated on.

    The tools register it in every run; see :func:`check_checkpoint_classes`.
    """

    priority = "VERY_HIGH"  # before other hooks believe the checkpoint

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        check_checkpoint_classes(runner, checkpoint)
