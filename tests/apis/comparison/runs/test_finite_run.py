"""Weights and predictions that are not finite raise an error."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from mmpretrain_imbalance.apis.comparison.runs.finite_run import (
    FinitePredictions,
    FiniteWeightsHook,
    name_run,
)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1.0])
def test_weights(value):
    model = torch.nn.Linear(2, 2)
    with torch.no_grad():
        model.bias[1] = value
    runner = SimpleNamespace(model=model, epoch=3)
    if value == 1:
        FiniteWeightsHook().after_train_epoch(runner)
        return
    with pytest.raises(ValueError, match=r"bias after epoch 4 .*diverged"):
        FiniteWeightsHook().after_train_epoch(runner)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.5])
def test_predictions(value, tmp_path):
    metric = FinitePredictions(str(tmp_path / "predictions.npz"))
    # A prediction with an unknown label is checked as well.
    sample = dict(pred_score=torch.tensor([0.3, value]), gt_score=torch.tensor([1, -1]))
    if value == 0.5:
        metric.process(None, [sample])
        metric.evaluate(size=1)
        assert (tmp_path / "predictions.npz").exists()
        return
    with pytest.raises(ValueError, match="predictions of a model must be finite"):
        metric.process(None, [sample])


def test_error_names_the_run():
    with pytest.raises(ValueError, match=r"method 'hill' in 'runs/hill/seed_0' failed. Reason"):
        with name_run(Path("runs/hill/seed_0")):
            raise ValueError("Reason")
    with pytest.raises(KeyError), name_run(Path("runs")):
        raise KeyError
