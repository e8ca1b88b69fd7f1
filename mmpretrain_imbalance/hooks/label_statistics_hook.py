"""Hook that updates the label statistics of losses between epochs, and logs them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dist import all_reduce
from mmengine.hooks import EMAHook, Hook
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from mmpretrain.registry import HOOKS

from ..datasets import LabelCounts, PartialLabelDataset, class_group_names, class_names, label_counts
from ..functional import class_groups, named_class_groups
from ..functional.metrics.class_groups import DEFAULT_GROUP_THRESHOLDS, check_group_thresholds
from ..losses import ElementwiseLoss, LossState
from ..losses.base.per_sample_memory import PerSampleMemory
from ..models import PartialLabelDataPreprocessor
from ..models.class_hardness import ClassHardness
from .label_statistics.class_order import check_checkpoint_classes, check_class_order
from .label_statistics.image_loss_checks import prepare_image_losses
from .label_statistics.label_count_log import label_count_summary, missing_negatives_warning
from .label_statistics.setup_checks import check_setup, is_iteration_based, unwrap_model
from .label_statistics.statistics_files import StatisticsFiles
from .label_statistics.statistics_snapshot import StatisticsSnapshot
from .label_statistics.unknown_label_checks import check_metrics, check_training_of_unknown
from .synchronized_buffers_hook import add_synchronized_buffers


@HOOKS.register_module()
class LabelStatisticsHook(Hook):
    """Hook that updates the ratios, priors and thresholds of the losses of this package.

    Before training, it counts the known labels of the training set and passes the counts to the losses and to
    metrics that report head, middle and tail classes. It passes the number of classes to the data
    preprocessor, and the number of images to losses with a state per image, unless the config gives them.
    Before each iteration, it passes epoch and iteration to the losses. After each epoch, before a checkpoint
    is saved, it sums the values that the losses gathered over ranks, calls their ``update_statistics``, and
    records their state:

    - ``work_dir/label_statistics/epoch_<n>.json``: all values per class, by class name, and per class the
      fractions of the images in this epoch whose label was masked, ignored or replaced by a pseudo-label;
    - ``work_dir/class_prior.json``: the class prior, if a loss estimates it, for ``ClassAwareSelectiveLoss``;
    - ``work_dir/label_counts.json``: positive, negative and unknown labels of each class of the training set;
    - MMEngine's visualizers: the mean of each value over head, middle and tail classes.

    The label counts are also saved in the checkpoint, so a test reports head, middle and tail classes without
    the training set. The state itself is in the buffers of the losses. If a file cannot be written (such as
    on a full disk), an error is logged, training continues, and the file is tried again after the next epoch.

    Args:
        interval: Iterations between two updates in an iteration-based run, which has an additional update in
            its last iteration; must divide the checkpoint interval. ``None`` in a run by epochs.
        group_thresholds: Smallest numbers of training positives of a middle class and of a head class. Groups
            in ``metainfo['class_groups']`` of the dataset, as of LVIS, take precedence.

    Raises:
        ValueError: Before training, if a setting would corrupt the statistics, or if a loss, batch
            augmentation or metric does not support the unknown labels of the data.
    """

    priority = "ABOVE_NORMAL"

    def __init__(
        self, interval: int | None = None, group_thresholds: tuple[int, int] = DEFAULT_GROUP_THRESHOLDS
    ) -> None:
        if interval is not None and (not isinstance(interval, int) or interval < 1):
            raise ValueError(
                "The 'interval' argument of LabelStatisticsHook must be a positive integer, the number of "
                f"iterations between two updates, or None. Got {interval!r} instead."
            )
        check_group_thresholds(group_thresholds, type(self).__name__)
        self.interval = interval
        self.group_thresholds = tuple(group_thresholds)
        self.counts: LabelCounts | None = None
        self.class_names: list[str] = []
        self._groups: dict[str, np.ndarray] = {}
        self._files = StatisticsFiles()
        self._snapshot: StatisticsSnapshot | None = None

    # ------------------------------------------------------------------ before training
    def before_run(self, runner: Runner) -> None:
        check_class_order(runner)
        check_metrics(runner)
        if not isinstance(runner._train_loop, BaseLoop):  # a run that only validates or tests
            return
        add_synchronized_buffers(runner)
        dataset = runner.train_dataloader.dataset
        self.counts = label_counts(dataset)
        num_classes = len(self.counts.positives)
        check_setup(runner, num_classes, self.interval)
        check_training_of_unknown(runner, self.counts)
        prepare_image_losses(unwrap_model(runner.model), dataset)
        preprocessor = getattr(unwrap_model(runner.model), "data_preprocessor", None)
        if isinstance(preprocessor, PartialLabelDataPreprocessor) and preprocessor.num_classes is None:
            preprocessor.num_classes = num_classes
        names = class_names(dataset)
        self.class_names = list(names) if names is not None else [str(index) for index in range(num_classes)]
        positives, negatives, unknown = (
            torch.from_numpy(c.copy())
            for c in (self.counts.positives, self.counts.negatives, self.counts.unknown)
        )
        named = class_group_names(dataset)
        counted = class_groups(self.counts.positives, self.group_thresholds)
        self._groups = counted if named is None else named_class_groups(named)
        losses = self._losses(runner).values()
        for loss in self._outermost_losses(runner):
            loss.set_unknown_counts(unknown)
            loss.set_label_counts(positives, negatives, names)
        hardness = [m for m in unwrap_model(runner.model).modules() if isinstance(m, ClassHardness)]
        self._snapshot = StatisticsSnapshot([*losses, *hardness])
        self._set_counts_of_metrics(runner, self.counts)
        runner.logger.info(label_count_summary(self.counts, self.class_names))
        # PartialLabelDataset logs this warning itself.
        if not isinstance(dataset, PartialLabelDataset) and (
            warning := missing_negatives_warning(
                self.counts, [loss for loss in losses if isinstance(loss, ElementwiseLoss)]
            )
        ):
            runner.logger.warning(warning)
        self._write(runner, Path(runner.work_dir) / "label_counts.json", vars(self.counts))

    def before_train(self, runner: Runner) -> None:
        snapshot, self._snapshot = self._snapshot, None
        is_resumed = runner.iter > 0
        if snapshot is not None and not is_resumed and snapshot.restore():
            runner.logger.info(
                "The loaded checkpoint contained label statistics of another run. The losses keep the "
                "statistics of this training set and config instead."
            )

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        epoch, max_epochs = runner.epoch, runner.max_epochs
        if is_iteration_based(runner):
            length = max(len(runner.train_dataloader), 1)
            epoch, max_epochs = runner.iter // length, -(-runner.max_iters // length)
        for loss in self._outermost_losses(runner):
            loss.set_progress(epoch, max_epochs, runner.iter)

    # ------------------------------------------------------------------ between epochs
    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        if is_iteration_based(runner) and (
            self.every_n_train_iters(runner, self.interval) or self.is_last_train_iter(runner)
        ):
            self._update(runner, f"iter_{runner.iter + 1}")

    def after_train_epoch(self, runner: Runner) -> None:
        if not is_iteration_based(runner):
            self._update(runner, f"epoch_{runner.epoch + 1}")

    def after_train(self, runner: Runner) -> None:
        self._raise_delayed(runner)
        self._files.retry(runner.logger, self.class_names)

    def _update(self, runner: Runner, name: str) -> None:
        self._raise_delayed(runner)
        record = {}
        for path, loss in self._losses(runner).items():
            gathered = loss.gathered()
            for buffer in gathered:
                all_reduce(buffer)
            if gathered:
                loss.update_statistics()
            if values := _recorded_values(loss):
                record[path] = {key: value.detach().cpu().numpy() for key, value in values.items()}
            for buffer in gathered:
                buffer.zero_()
        self._update_averaged_model(runner)
        if not record:
            return
        self._log(runner, name, record)
        work_dir = Path(runner.work_dir)
        self._write(runner, work_dir / "label_statistics" / f"{name}.json", record)
        for state in record.values():
            if "class_prior" in state:
                self._write(runner, work_dir / "class_prior.json", {"class_prior": state["class_prior"]})

    def _raise_delayed(self, runner: Runner) -> None:
        """Raise on all ranks if the delayed validation of any rank found an error.

        This runs before a checkpoint is saved, so no checkpoint contains the result of such a step.
        """
        for loss in self._losses(runner).values():
            if isinstance(loss, ElementwiseLoss):
                fault = loss.delayed_validation.fault
                all_reduce(fault, "max")
                loss.delayed_validation.raise_found(type(loss).__name__)

    @staticmethod
    def _update_averaged_model(runner: Runner) -> None:
        """Copy the updated buffers to the averaged model, which EMAHook updated before the statistics."""
        for hook in runner.hooks:
            if isinstance(hook, EMAHook):
                for averaged, source in zip(hook.ema_model.module.buffers(), hook.src_model.buffers()):
                    averaged.copy_(source)

    def _log(self, runner: Runner, name: str, record: dict[str, dict[str, np.ndarray]]) -> None:
        counts = Counter(key for state in record.values() for key in state)
        scalars = {
            f"label_statistics/{title}/{group}": float(values[members & np.isfinite(values)].mean())
            for path, state in record.items()
            for key, values in state.items()
            for title in [key if counts[key] == 1 else f"{path}.{key}"]
            for group, members in self._groups.items()
            if np.isfinite(values[members]).any()
        }
        runner.visualizer.add_scalars(scalars, step=runner.iter + 1)
        shown = ", ".join(f"{key.split('/', 1)[1]} {value:.4g}" for key, value in scalars.items())
        runner.logger.info(f"Label statistics after {name}: {shown}")

    def _write(self, runner: Runner, path: Path, content: dict[str, Any]) -> None:
        self._files.write(runner.logger, self.class_names, path, content)

    # ------------------------------------------------------------------ metrics and checkpoints
    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        if self.counts is not None:
            counts = {key: values.tolist() for key, values in vars(self.counts).items()}
            checkpoint.setdefault("meta", {})["label_counts"] = {"classes": self.class_names, **counts}
        if states := self._image_states(runner):
            checkpoint["image_state"] = {path: state.state() for path, state in states.items()}

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        check_checkpoint_classes(runner, checkpoint)
        # Other runs may have other sample ids, so only a resumed run restores per-image state.
        if runner._resume:
            for path, state in self._image_states(runner).items():
                if path not in checkpoint.get("image_state", {}):
                    raise ValueError(
                        f"The checkpoint to resume from must contain the per-image state of {path}. Got a "
                        "checkpoint without it instead, from a run with another loss. Use load_from to load "
                        "only its weights."
                    )
                state.load_state(checkpoint["image_state"][path])
        stored = checkpoint.get("meta", {}).get("label_counts")
        if self.counts is None and stored is not None:  # a test, without training set
            self.class_names = stored["classes"]
            self.counts = LabelCounts(
                *(np.array(stored[key]) for key in ("positives", "negatives", "unknown"))
            )
            self._set_counts_of_metrics(runner, self.counts)

    def _set_counts_of_metrics(self, runner: Runner, counts: LabelCounts) -> None:
        for loop in (runner._val_loop, runner._test_loop):
            if not isinstance(loop, BaseLoop):
                continue
            for metric in loop.evaluator.metrics:
                if hasattr(metric, "set_label_counts"):
                    metric.set_label_counts(counts.positives, self.class_names)

    def _image_states(self, runner: Runner) -> dict[str, PerSampleMemory]:
        states = {path: getattr(loss, "image_state", None) for path, loss in self._losses(runner).items()}
        return {path: state for path, state in states.items() if state is not None}

    def _outermost_losses(self, runner: Runner) -> list[LossState]:
        """Return the losses that are not inside of another loss; they pass all values on to nested losses."""
        losses = list(self._losses(runner).values())
        nested = {id(inner) for loss in losses for inner in loss.modules() if inner is not loss}
        return [loss for loss in losses if id(loss) not in nested]

    @staticmethod
    def _losses(runner: Runner) -> dict[str, LossState]:
        # Found by type, not by attribute name: compilation and sharding insert further names.
        return {
            name: module
            for name, module in unwrap_model(runner.model).named_modules()
            if isinstance(module, LossState)
        }


def _recorded_values(loss: LossState) -> dict[str, torch.Tensor]:
    """Return the state per class, and the fractions of elements of this epoch."""
    fractions = loss.element_counter.values() if isinstance(loss, ElementwiseLoss) else {}
    return loss.class_state() | fractions
