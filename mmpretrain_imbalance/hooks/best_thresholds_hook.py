"""Decision thresholds of the classes, chosen on every validation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS

from ..functional import best_thresholds
from ..metrics.dump_predictions import DumpPredictions
from ..metrics.known_predictions import KnownPredictions
from ..utils.class_values import write_named_values
from ..utils.files import atomic_write
from ..utils.safe_checkpoints import load_weights_only


@HOOKS.register_module()
class BestThresholdsHook(Hook):
    r"""Chooses a threshold for each class after each validation; see :func:`best_thresholds` for the rule.

    In short: the score with the best F1 (or that meets ``precision`` or ``recall``) of the class alone,
    :math:`\hat{t}_c`, and of all classes pooled, :math:`t`; with :math:`n_c` known positives the class gets
    :math:`(n_c \hat{t}_c + \lambda t) / (n_c + \lambda)`, so that one with few is drawn to the threshold of
    all.

    The thresholds are written

    - by class name to ``out_file`` in the work folder, for ``PartialLabelMetric(thresholds=...)`` and
      ``MultiLabelInferencer``;
    - to ``meta['thresholds']`` of the checkpoint of the same weights. MMEngine saves a checkpoint before the
      validation of the same epoch, so the file that is there is replaced, whole or not at all. A checkpoint
      whose weights were never validated has no thresholds.

    A file that cannot be written is reported, and training goes on. The thresholds suit the validation set
    they were chosen on: measure them on another one.

    Args:
        precision: The precision to reach, in (0, 1]; None for the best F1.
        recall: The recall to reach, in (0, 1]; None for the best F1.
        shrinkage: :math:`\lambda`, the number of known positives with which a class counts half.
        out_file: Name of the file in the work folder, or a path; ``.json`` or ``.csv``.

    Raises:
        ValueError: If the arguments do not fit :func:`best_thresholds`, or the ending is another.
    """

    priority = "NORMAL"

    def __init__(
        self,
        precision: float | None = None,
        recall: float | None = None,
        shrinkage: float = 10.0,
        out_file: str = "thresholds.json",
    ) -> None:
        self.options = dict(precision=precision, recall=recall, shrinkage=shrinkage)
        best_thresholds([[1.0]], [[1]], **self.options)  # a wrong option is refused now, not after an epoch
        if Path(out_file).suffix not in (".json", ".csv"):
            raise ValueError(
                f"The 'out_file' argument of BestThresholdsHook must end in .json or .csv. Got {out_file!r} "
                "instead."
            )
        self.out_file = out_file
        self.chosen: dict | None = None
        self._chosen_at = self._saved_at = None
        self._collector = DumpPredictions()

    def path(self, runner: Runner) -> Path:
        """Where the thresholds of this run are written."""
        return Path(runner.work_dir) / self.out_file

    @property
    def predictions(self) -> KnownPredictions | None:
        """What the last validation predicted, on the main process."""
        return self._collector.predictions

    def before_val_epoch(self, runner: Runner) -> None:
        self._collector = DumpPredictions()
        self._collector.dataset_meta = getattr(runner.val_dataloader.dataset, "metainfo", None)

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        self._collector.process(data_batch, [sample.to_dict() for sample in outputs or ()])

    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        self._collector.evaluate(len(runner.val_dataloader.dataset))
        if not is_main_process():
            return
        predictions = self.predictions
        positives = np.bincount(
            predictions.classes[predictions.labels == 1], minlength=predictions.num_classes
        )
        if not positives.any():
            runner.logger.warning("No thresholds are chosen: the validation set has no known positive.")
            return
        thresholds, overall = best_thresholds(
            predictions.scores,
            predictions.labels,
            predictions.classes,
            num_classes=predictions.num_classes,
            **self.options,
        )
        self._chosen_at = runner.iter
        self.chosen = {
            "classes": predictions.class_names,
            "thresholds": thresholds.tolist(),
            "known_positives": positives.tolist(),
            "global_threshold": overall,
            **self.options,
        }
        runner.logger.info(
            f"Thresholds of {len(thresholds)} classes, from {thresholds.min():.3f} to "
            f"{thresholds.max():.3f}; of all together {overall:.3f}."
        )
        self._write(runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        meta = checkpoint.setdefault("meta", {})
        self._saved_at = meta.get("iter")
        meta.pop("thresholds", None)
        if self.chosen is not None and self._chosen_at == self._saved_at:
            meta["thresholds"] = self.chosen

    def _write(self, runner: Runner) -> None:
        path = self.path(runner)
        try:
            columns = {name: self.chosen[name] for name in ("thresholds", "known_positives")}
            write_named_values(path, self.chosen["classes"], columns)
            if self._saved_at is not None and self._saved_at == self._chosen_at:
                path = Path(runner.message_hub.get_info("last_ckpt"))
                if path.is_file():
                    checkpoint = load_weights_only(path, map_location="cpu")
                    checkpoint["meta"]["thresholds"] = self.chosen
                    with atomic_write(path, "wb") as file:
                        torch.save(checkpoint, file)
        except OSError as error:
            runner.logger.error(
                f"Thresholds could not be written to {path}: {error.strerror or error}. Training goes on. "
                "Free some space; tools/tune_thresholds.py chooses them again."
            )
