"""Hook that checks before a run that its components support the unknown labels of its data."""

from __future__ import annotations

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop

from .label_statistics.unknown_label_checks import check_metrics, check_training_of_unknown


class UnknownLabelsHook(Hook):
    """Hook that raises if a loss, batch augmentation or metric would use unknown labels as numbers.

    ``LabelStatisticsHook`` makes the same checks. The tools register this hook in every run without a
    ``LabelStatisticsHook``.
    """

    priority = "VERY_HIGH"

    def before_run(self, runner: Runner) -> None:
        check_metrics(runner)
        if isinstance(runner._train_loop, BaseLoop):
            check_training_of_unknown(runner, has_statistics_hook=False)
