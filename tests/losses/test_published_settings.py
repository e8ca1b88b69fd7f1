"""Focal loss and ASL as settings of the partial asymmetric loss: their configs against other formulas."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from torchvision.ops import sigmoid_focal_loss

from tests.losses.smallest_losses import build, random_batch

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


def loss_of(config: str) -> dict:
    loss = Config.fromfile(CONFIGS / config).model.head.loss
    return {key: value for key, value in loss.items() if key != "_delete_"}


def test_focal_equals_torchvision():
    logits, labels = (tensor.double() for tensor in random_batch())
    logits = logits.detach().requires_grad_()
    known = labels != -1
    losses = build(loss_of("focal/digits-imbalanced_focal.py"))(logits, labels, reduction_override="none")
    expected = sigmoid_focal_loss(logits, labels.clamp(min=0), alpha=-1, gamma=2) * known
    torch.testing.assert_close(losses, expected, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(
        *(torch.autograd.grad(x.sum(), logits)[0] for x in (losses, expected)), rtol=1e-9, atol=1e-12
    )


def test_focal_with_class_balance():
    logits, labels = random_batch()
    config = dict(loss_of("focal/digits-imbalanced_focal.py"), alpha_pos=0.25, alpha_neg=0.75)
    expected = sigmoid_focal_loss(logits, labels.clamp(min=0), alpha=0.25, gamma=2) * (labels != -1)
    torch.testing.assert_close(build(config)(logits, labels, reduction_override="none"), expected)


@pytest.mark.parametrize("detach_focus", [True, False])
def test_asymmetric_loss_is_its_formula(detach_focus):
    logits, labels = random_batch()
    config = dict(loss_of("asymmetric/digits-imbalanced_asl.py"), detach_focus=detach_focus)
    p = torch.sigmoid(logits)
    shifted = (p - 0.05).clamp(min=0)
    focus = shifted.detach() if detach_focus else shifted
    expected = torch.where(
        labels == 1, -torch.log(p.clamp(min=1e-8)), -(focus**4) * torch.log((1 - shifted).clamp(min=1e-8))
    )
    expected = expected * (labels != -1)
    losses = build(config)(logits, labels, reduction_override="none")
    torch.testing.assert_close(losses, expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(
        *(torch.autograd.grad(x.sum(), logits)[0] for x in (losses, expected)), rtol=1e-5, atol=1e-6
    )
