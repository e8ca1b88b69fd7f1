"""``load_from`` loads the weights of another run, but not the statistics of its training set."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from mmpretrain_imbalance.losses import ElementwiseLoss
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only

from .small_runs import COMPOSED_LOSS, persistent_state, prepared, small_config, train

PLAIN = dict(type="PartialAsymmetricLoss")
LOSSES = {
    "composed": COMPOSED_LOSS,
    "estimates": dict(
        type="OnlineLabelEstimationLoss", num_images=96, num_classes=10, expected_positives=2.5
    ),
    "statistics": dict(type="StatisticsBalancedLoss", loss=dict(type="ClassBalancedLoss", loss=PLAIN)),
    "margin": dict(type="LDAMLoss"),
    "matched": dict(type="PriorMatchedPseudoLabelLoss", loss=PLAIN, warmup_epochs=1, class_prior=[0.25] * 10),
}


def config(work_dir, name, probability=0.5, **kwargs):
    cfg = small_config(work_dir, epochs=1, loss=LOSSES[name], **kwargs)
    cfg.model.head.type = "PartialLabelLinearClsHead"
    cfg.train_dataloader.dataset.probability = probability  # other labels, so other counts
    return cfg


def loss_state(runner) -> dict[str, torch.Tensor]:
    return {name: v for name, v in persistent_state(runner).items() if "loss_module" in name}


@pytest.mark.parametrize("name", LOSSES)
def test_load_from_loads_weights_but_no_statistics(tmp_path, name):
    train(config(tmp_path / "source", name))
    checkpoint = tmp_path / "source" / "epoch_1.pth"
    stored = load_weights_only(checkpoint)["state_dict"]
    fresh = loss_state(prepared(config(tmp_path / "fresh", name, 0.3)))
    cfg = config(tmp_path / "tuned", name, 0.3)
    cfg.load_from = str(checkpoint)
    tuned = prepared(cfg)
    assert any((stored[key] != value).any() for key, value in fresh.items())
    torch.testing.assert_close(loss_state(tuned), fresh, rtol=0, atol=0, equal_nan=True)
    torch.testing.assert_close(tuned.model.head.fc.weight.detach(), stored["head.fc.weight"], rtol=0, atol=0)


def test_ratios_and_class_prior_are_correct_after_load_from(tmp_path):
    """Compared with the label counts and the prior file, not with another run."""
    train(config(tmp_path / "source", "composed"))
    prior = {str(digit): 0.02 * (digit + 1) for digit in range(10)}
    (tmp_path / "prior.json").write_text(
        json.dumps({"classes": list(prior)[::-1], "class_prior": list(prior.values())[::-1]})
    )
    cfg = config(tmp_path / "tuned", "composed", 0.3)
    cfg.model.head.loss.loss.loss.loss.class_prior = str(tmp_path / "prior.json")
    cfg.load_from = str(tmp_path / "source" / "epoch_1.pth")
    runner = prepared(cfg)
    losses = {type(m).__name__: m for m in runner.model.modules() if isinstance(m, ElementwiseLoss)}
    dataset = runner.train_dataloader.dataset
    labels = np.stack([dataset.get_data_info(index)["gt_score"] for index in range(len(dataset))])
    plm = losses["PartialLabelMaskingLoss"]
    for ratio, column in zip(plm.positive_ratio.tolist(), labels.T):
        assert math.isclose(ratio, (column == 1).sum() / (column == 0).sum(), rel_tol=1e-6)
    uniform = (labels == 1).sum() / (labels == 0).sum()
    assert plm.ideal_positive_ratio.tolist() == pytest.approx([uniform] * 10)
    selection = losses["ClassAwareSelectiveLoss"].selection
    assert selection.class_prior.tolist() == pytest.approx(list(prior.values()))
    assert losses["ClassPriorTrackingLoss"].window_images == 0


def test_the_class_hardness_of_another_run_is_not_loaded(tmp_path):
    def active(name):
        cfg = small_config(tmp_path / name, epochs=1, loss=PLAIN)
        cfg.model.head.type = "ActiveClassesLinearClsHead"
        return cfg

    source = train(active("source"))
    assert source.model.head.hardness.loss.isfinite().all()
    cfg = active("tuned")
    cfg.load_from = str(tmp_path / "source" / "epoch_1.pth")
    assert prepared(cfg).model.head.hardness.loss.isinf().all()


def test_pretrained_init_cfg_loads_no_statistics(tmp_path):
    train(config(tmp_path / "source", "composed"))
    fresh = loss_state(prepared(config(tmp_path / "fresh", "composed", 0.3)))
    cfg = config(tmp_path / "tuned", "composed", 0.3)
    cfg.model.init_cfg = dict(type="Pretrained", checkpoint=str(tmp_path / "source" / "epoch_1.pth"))
    torch.testing.assert_close(loss_state(prepared(cfg)), fresh, rtol=0, atol=0, equal_nan=True)


def test_a_resumed_run_restores_the_statistics(tmp_path):
    train(config(tmp_path / "run", "composed"))
    stored = load_weights_only(tmp_path / "run" / "epoch_1.pth")["state_dict"]
    cfg = config(tmp_path / "run", "composed")
    cfg.train_cfg.max_epochs = 2
    cfg.resume = True
    torch.testing.assert_close(persistent_state(prepared(cfg)), dict(stored), rtol=0, atol=0)


def test_the_averaged_model_has_the_statistics_of_this_run(tmp_path):
    train(config(tmp_path / "source", "composed"))
    cfg = config(tmp_path / "tuned", "composed", 0.3)
    cfg.custom_hooks.append(dict(type="EMAHook"))
    cfg.load_from = str(tmp_path / "source" / "epoch_1.pth")
    train(cfg)
    tuned = load_weights_only(tmp_path / "tuned" / "epoch_1.pth")
    fresh = loss_state(prepared(config(tmp_path / "fresh", "composed", 0.3)))
    ratio = "head.loss_module.loss.positive_ratio"
    for state, key in ((tuned["state_dict"], ratio), (tuned["ema_state_dict"], f"module.{ratio}")):
        torch.testing.assert_close(state[key], fresh[ratio], rtol=0, atol=0)
