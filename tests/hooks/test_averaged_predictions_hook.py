"""The averaged model predicts the images of the same step."""

from __future__ import annotations

import pytest
import torch
from mmengine.hooks import EMAHook, Hook
from mmengine.runner import Runner

from mmpretrain_imbalance.losses import PseudoLabelLoss
from tests.integration.small_runs import small_config

LOSS = dict(
    type="PseudoLabelLoss",
    loss=dict(type="PartialAsymmetricLoss"),
    warmup_epochs=0,
    predictions="averaged_model",
)


def runner(work_dir, loss=LOSS, hooks=("EMAHook", "AveragedPredictionsHook")):
    cfg = small_config(work_dir, loss=loss)
    cfg.custom_hooks += [dict(type=hook) for hook in hooks]
    return Runner.from_cfg(cfg)


def test_the_loss_gets_the_predictions_of_the_averaged_model_for_the_batch(tmp_path, monkeypatch):
    run = runner(tmp_path / "run")
    compared = []
    original = PseudoLabelLoss.predicted_logits

    def predicted(self, logits):
        compared.append(original(self, logits))
        return compared[-1]

    monkeypatch.setattr(PseudoLabelLoss, "predicted_logits", predicted)

    class Check(Hook):
        priority = "LOWEST"

        def before_train_iter(self, runner, batch_idx, data_batch=None):
            (ema,) = (hook for hook in runner.hooks if isinstance(hook, EMAHook))
            images = runner.model.data_preprocessor(data_batch, True)["inputs"]
            assert not ema.ema_model.module.training
            with torch.no_grad():
                self.expected = ema.ema_model.module(images, mode="tensor").clone()

        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            torch.testing.assert_close(compared[-1], self.expected, rtol=0, atol=0)
            assert not compared[-1].requires_grad
            assert runner.model.head.loss_module.averaged_logits is None  # used once

    run.register_hook(Check())
    run.train()
    assert len(compared) == 2 * 3
    assert not run.model._forward_pre_hooks


@pytest.mark.parametrize(
    ("loss", "hooks", "message"),
    [
        (LOSS, ("AveragedPredictionsHook",), "Got no EMAHook instead. Add dict.type='EMAHook'."),
        (
            dict(type="PartialAsymmetricLoss"),
            ("EMAHook", "AveragedPredictionsHook"),
            "Got no such loss instead. Add predictions='averaged_model'",
        ),
    ],
)
def test_missing_parts_raise(tmp_path, loss, hooks, message):
    with pytest.raises(ValueError, match=message):
        runner(tmp_path / "run", loss, hooks).train()


def test_the_loss_names_the_missing_hook(tmp_path):
    with pytest.raises(RuntimeError, match="AveragedPredictionsHook"):
        runner(tmp_path / "run", hooks=("EMAHook",)).train()
