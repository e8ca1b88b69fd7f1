"""Runs whose loss computes with the number -1 of an unknown label."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from mmengine.runner import Runner
from mmpretrain.registry import MODELS
from torch import nn

from mmpretrain_imbalance.models import partial_label_data_preprocessor
from tests.configs.partial_table import BCE, follow_advice, table_config

OURS = dict(type="PartialAsymmetricLoss", unknown="ignore")
HOOK = [dict(type="LabelStatisticsHook")]
# The loss of the config, and the loss that the error message must name.
FOREIGN = [
    (BCE, "PartialAsymmetricLoss"),
    (dict(BCE, pos_weight=[1.0, 2.0, 3.0], loss_weight=2.0), "ClassPriorTrackingLoss"),
    (dict(type="AsymmetricLoss", gamma_neg=3.0), "ClassPriorTrackingLoss"),
    (dict(type="FocalLoss", alpha=0.5), "ClassPriorTrackingLoss"),
    (dict(type="LabelSmoothLoss", label_smooth_val=0.1, mode="multi_label"), "PartialAsymmetricLoss"),
    (dict(type="OwnLoss"), "PartialAsymmetricLoss"),
]


@MODELS.register_module(force=True)
class OwnLoss(nn.Module):
    """Loss of a user that leaves out unknown elements itself, and counts its calls."""

    calls = 0

    def forward(self, pred: torch.Tensor, target: torch.Tensor, **kwargs: object) -> torch.Tensor:
        OwnLoss.calls += 1
        return nn.functional.binary_cross_entropy_with_logits(pred, target, weight=(target >= 0).float())


def trained(cfg) -> Runner:
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.iter == 4
    assert all(parameter.isfinite().all() for parameter in runner.model.parameters())
    return runner


def error_of(cfg) -> str:
    """Return the message of a run that must end before its first step."""
    runner = Runner.from_cfg(cfg)
    with pytest.raises(ValueError, match=r"unknown labels") as raised:
        runner.train()
    assert runner.iter == 0
    assert not runner.optim_wrapper.optimizer.state  # momentum, which the first step creates
    return str(raised.value)


@pytest.mark.parametrize(
    ("loss", "replacement", "hooks"),
    [*((*case, []) for case in FOREIGN), *((*case, HOOK) for case in FOREIGN[:2])],
)
def test_a_loss_that_computes_with_minus_one_raises_and_the_advice_trains(
    tiny_config: Path, tmp_path: Path, loss: dict, replacement: str, hooks: list
) -> None:
    cfg = table_config(tiny_config, tmp_path / "run", loss)
    cfg.custom_hooks = hooks
    message = error_of(cfg)
    where = "the training set has 16 unknown labels (33.3% of all)" if hooks else "a training batch has some"
    assert message.startswith(
        "The 'loss' argument of MultiLabelLinearClsHead must be a loss that supports unknown labels (-1), "
        f"because {where}. Got {loss['type']} instead, which computes with the number -1. "
        f"Set model.head.loss=dict(type='{replacement}', "
    )
    changed = follow_advice(cfg, message)
    runner = trained(changed)
    if replacement == "ClassPriorTrackingLoss":
        kept = runner.model.head.loss_module.loss.loss
        assert {name: getattr(kept, name) for name in loss if name != "type"} == {
            name: value for name, value in loss.items() if name != "type"
        }


@pytest.mark.parametrize("hooks", [[], HOOK], ids=["no hook", "hook"])
@pytest.mark.parametrize(
    "settings",
    [
        dict(loss=OURS),
        dict(loss=dict(type="SelectiveNegativeLoss", loss=BCE)),
        dict(loss=BCE, blanks=False),
        dict(loss=dict(type="OwnLoss"), unknown_labels="allow"),
    ],
    ids=["ours", "wrapped", "known", "allowed"],
)
def test_other_runs_train(tiny_config: Path, tmp_path: Path, hooks: list, settings: dict) -> None:
    cfg = table_config(tiny_config, tmp_path / "run", **settings)
    cfg.custom_hooks = hooks
    trained(cfg)


def test_our_head_with_its_default_loss_raises(tiny_config: Path, tmp_path: Path) -> None:
    cfg = table_config(tiny_config, tmp_path / "run")
    cfg.model.head = dict(type="PartialLabelLinearClsHead", num_classes=3, in_channels=120)
    assert "'loss' argument of PartialLabelLinearClsHead must be a loss" in error_of(cfg)


def test_a_second_loss_that_computes_with_minus_one_raises(tiny_config: Path, tmp_path: Path) -> None:
    cfg = table_config(tiny_config, tmp_path / "run", OURS)
    for hooks in ([], HOOK):
        cfg.custom_hooks = hooks
        runner = Runner.from_cfg(cfg)
        runner.model.neck.auxiliary_loss = MODELS.build(BCE)
        with pytest.raises(
            ValueError, match=r"'auxiliary_loss' argument of GlobalAveragePooling .* Set model.neck"
        ):
            runner.train()


def test_a_model_is_searched_once(tiny_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The preprocessor searches its model at the first training batch, and never after the hook has."""
    searches = []
    search = partial_label_data_preprocessor.modules_around
    monkeypatch.setattr(
        partial_label_data_preprocessor,
        "modules_around",
        lambda module: searches.append(module) or search(module),
    )
    for hooks, loss, blanks, expected in (
        ([], OURS, True, 1),
        ([], BCE, False, 1),
        (HOOK, OURS, True, 0),
        (HOOK, BCE, False, 0),
    ):
        searches.clear()
        cfg = table_config(tiny_config, tmp_path / f"{len(hooks)}{blanks}", loss, blanks)
        cfg.custom_hooks = hooks
        trained(cfg)
        assert len(searches) == expected


def test_two_models_in_a_process_are_told_apart(tiny_config: Path, tmp_path: Path) -> None:
    """A run with a loss of this package does not excuse a later run with another loss."""
    first = trained(table_config(tiny_config, tmp_path / "ours", OURS))
    assert "Got CrossEntropyLoss instead" in error_of(table_config(tiny_config, tmp_path / "theirs"))
    assert first.model.data_preprocessor.losses_are_checked


@pytest.mark.parametrize(
    ("augment", "advice"),
    [
        (dict(type="Mixup", alpha=0.3), "Use dict(type='PartialLabelMixup', alpha=0.3) instead of Mixup."),
        (
            dict(type="CutMix", alpha=1.0, correct_lam=False),
            "Use dict(type='PartialLabelCutMix', alpha=1.0, correct_lam=False) instead of CutMix.",
        ),
        (dict(type="ResizeMix", alpha=1.0), "Remove ResizeMix."),
    ],
)
def test_an_augmentation_that_mixes_minus_one_raises_before_training(
    tiny_config: Path, tmp_path: Path, augment: dict, advice: str
) -> None:
    cfg = table_config(tiny_config, tmp_path / "run", OURS, unknown_labels="allow")
    cfg.custom_hooks = HOOK
    # The augmentation is never selected, so no batch would show the mistake.
    cfg.model.train_cfg = dict(augments=augment, probs=0.0)
    message = error_of(cfg)
    assert "the training set has 16 unknown labels (33.3% of all). Got " + augment["type"] in message
    assert message.endswith(advice)
    replaced = re.match(r"Use (dict\(.+\)) instead of", advice)
    cfg.model.train_cfg.augments = eval(replaced[1]) if replaced else []
    cfg.model.train_cfg.probs = 1.0 if replaced else []
    cfg.experiment_name += "_changed"
    trained(cfg)


def test_preprocessor_gets_the_number_of_classes_from_the_training_set(
    tiny_config: Path, tmp_path: Path
) -> None:
    cfg = table_config(tiny_config, tmp_path / "run", OURS)
    cfg.model.data_preprocessor.num_classes = None
    cfg.custom_hooks = HOOK
    assert trained(cfg).model.data_preprocessor.num_classes == 3
