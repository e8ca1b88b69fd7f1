"""Checks that the weights and the predictions of a run are finite, and errors that name the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ....metrics.dump_predictions import DumpPredictions

_ADVICE = (
    "instead: the training has diverged. Lower the learning rate of this method, or leave the method out of "
    "the comparison."
)


class FiniteWeightsHook(Hook):
    """Hook that raises an error after an epoch with a NaN or infinite weight, before it is saved."""

    priority = "NORMAL"

    def after_train_epoch(self, runner: Runner) -> None:
        for name, weight in runner.model.named_parameters():
            if not torch.isfinite(weight).all():
                raise ValueError(
                    f"The weights of a model must be finite. Got NaN or infinity in {name} after epoch "
                    f"{runner.epoch + 1} {_ADVICE}"
                )


class FinitePredictions(DumpPredictions):
    """``DumpPredictions`` that raises an error for a prediction that is NaN or infinite."""

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        for sample in data_samples:
            if not torch.isfinite(torch.as_tensor(sample["pred_score"])).all():
                raise ValueError(f"The predictions of a model must be finite. Got NaN or infinity {_ADVICE}")
        super().process(data_batch, data_samples)


@contextmanager
def name_run(folder: Path) -> Iterator[None]:
    """Add the method and the folder of a run to the message of a ``ValueError``.

    Args:
        folder: Folder of the run, ``METHOD/seed_S_trial_T``.
    """
    try:
        yield
    except ValueError as error:
        method = folder.resolve().parent.name
        raise ValueError(f"The run of the method {method!r} in {str(folder)!r} failed. {error}") from error
