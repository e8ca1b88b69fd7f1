"""Hook that chooses a decision threshold per class after each validation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS

from ..functional import best_thresholds
from ..metrics.chosen_on import refit_of
from ..metrics.dump_predictions import DumpPredictions
from ..metrics.known_predictions import KnownPredictions
from ..metrics.validation_thresholds import validation_thresholds
from ..utils.checkpoint_files import write_checkpoint
from ..utils.class_values import write_named_values
from ..utils.safe_checkpoints import load_weights_only


@HOOKS.register_module()
class BestThresholdsHook(Hook):
    r"""Hook that chooses a threshold per class after each validation, with :func:`best_thresholds`.

    For a class with :math:`n_c` known positives, let :math:`\hat\rho_c n_c` be the number of predictions with
    the best F1 (or that reach ``precision`` or ``recall``), and :math:`\rho` the best such ratio for all
    classes together. The threshold of the class predicts :math:`\rho_c n_c` labels:

    .. math:: \rho_c = \hat\rho_c^{\,n_c / (n_c + \lambda)} \; \rho^{\,\lambda / (n_c + \lambda)}

    The thresholds are written to

    - ``out_file`` in the work directory, by class name, for ``PartialLabelMetric(thresholds=...)`` and
      ``MultiLabelInferencer``;
    - ``meta['thresholds']`` of the checkpoint with the same weights. MMEngine saves a checkpoint before the
      validation of the same epoch, so the hook replaces the file atomically. A checkpoint whose weights were
      never validated has no thresholds.

    Both have ``chosen_on``, the description of the validation set by :func:`describe_data`, and ``iter``, the
    number of iterations of the weights; a CSV file has neither. Those for a head of ``tools/refit_head.py``
    have its name as ``refit``.

    An error while writing a file is logged, and training continues. The thresholds are fitted to the
    validation set, so evaluate them on another set.

    Args:
        precision: Precision to reach, in (0, 1]; None for the best F1.
        recall: Recall to reach, in (0, 1]; None for the best F1.
        shrinkage: :math:`\lambda`, the number of known positives of a class at which its own ratio and the
            common one have equal weight.
        out_file: Name of the file in the work directory, or a path, ending in ``.json`` or ``.csv``.

    Raises:
        ValueError: If an argument is invalid for :func:`best_thresholds`, or the file ending is another.
    """

    priority = "NORMAL"

    def __init__(
        self,
        precision: float | None = None,
        recall: float | None = None,
        shrinkage: float = 10.0,
        out_file: str = "thresholds.json",
    ) -> None:
        self.options: dict[str, Any] = dict(precision=precision, recall=recall, shrinkage=shrinkage)
        best_thresholds([[1.0]], [[1]], **self.options)  # raises now for a wrong option, not after an epoch
        if Path(out_file).suffix not in (".json", ".csv"):
            raise ValueError(
                f"The 'out_file' argument of BestThresholdsHook must end in .json or .csv. Got {out_file!r} "
                "instead."
            )
        self.out_file = out_file
        self.chosen: dict[str, Any] | None = None
        #: Iterations of the last validation and of the last saved checkpoint.
        self._chosen_at: int | None = None
        self._saved_at: int | None = None
        #: Iterations of the weights that were loaded, for a runner that only validates.
        self._loaded_at: int | None = None
        self._loaded_refit: str | None = None
        self._collector = DumpPredictions()

    def path(self, runner: Runner) -> Path:
        """Return the path of the threshold file of this run."""
        return Path(runner.work_dir) / self.out_file

    @property
    def predictions(self) -> KnownPredictions | None:
        """Predictions of the last validation; None on all ranks except the main process."""
        return self._collector.predictions

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        meta = checkpoint.get("meta") or {}
        self._loaded_at, self._loaded_refit = meta.get("iter"), refit_of(meta)
        if runner._resume:
            self._saved_at = self._loaded_at

    def before_val_epoch(self, runner: Runner) -> None:
        self._collector = DumpPredictions()
        self._collector.dataset_meta = getattr(runner.val_dataloader.dataset, "metainfo", None)

    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        self._collector.process(data_batch, [sample.to_dict() for sample in outputs or ()])

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        self._collector.evaluate(len(runner.val_dataloader.dataset))
        predictions = self.predictions
        if predictions is None:
            return
        iteration = runner.iter or self._loaded_at
        chosen = validation_thresholds(predictions, runner.val_dataloader.dataset, iteration, self.options)
        if chosen is None:
            runner.logger.warning("No thresholds were chosen: the validation set has no known positives.")
            return
        if self._loaded_refit is not None and not runner.iter:
            chosen["refit"] = self._loaded_refit
        self.chosen, self._chosen_at = chosen, runner.iter
        thresholds, overall = chosen["thresholds"], chosen["global_threshold"]
        runner.logger.info(
            f"The thresholds of {len(thresholds)} classes range from {min(thresholds):.3f} to "
            f"{max(thresholds):.3f}; the threshold of all classes pooled is {overall:.3f}."
        )
        self._write(runner, self.chosen)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        meta = checkpoint.setdefault("meta", {})
        self._saved_at = meta.get("iter")
        meta.pop("thresholds", None)
        if self.chosen is not None and self._chosen_at == self._saved_at:
            meta["thresholds"] = self.chosen

    def _write(self, runner: Runner, chosen: dict[str, Any]) -> None:
        path = self.path(runner)
        try:
            columns = {name: chosen[name] for name in ("thresholds", "known_positives")}
            others = {name: value for name, value in chosen.items() if name not in ("classes", *columns)}
            write_named_values(path, chosen["classes"], columns, others)
            if self._saved_at is not None and self._saved_at == self._chosen_at:
                path = _last_checkpoint(runner)
                if path.is_file():
                    checkpoint = load_weights_only(path, map_location="cpu")
                    checkpoint["meta"]["thresholds"] = chosen
                    write_checkpoint(path, checkpoint)
        except OSError as error:
            runner.logger.error(
                f"Thresholds could not be written to {path}: {error.strerror or error}. Training "
                "continues. Free some disk space; tools/tune_thresholds.py can choose the thresholds again."
            )


def _last_checkpoint(runner: Runner) -> Path:
    """Return the path of the last checkpoint, also in a work directory that was copied and resumed."""
    path = Path(runner.message_hub.get_info("last_ckpt"))
    copied = Path(runner.work_dir) / path.name
    return copied if copied.is_file() else path
