"""Published losses in wrappers, in a head of MMPretrain, and in training steps."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from tests.losses.smallest_losses import build, elements_of, prepare, random_batch

FIELD = {
    "focal": dict(type="PartialAsymmetricLoss", gamma_pos=2, gamma_neg=2, detach_focus=False),
    "hill": dict(type="HillLoss"),
    "splc": dict(type="SelfPacedCorrectionLoss"),
    "ll-r": dict(type="LargeLoss", delta=2),
    "ll-ct": dict(type="LargeLoss", scheme="temporary", delta=2),
    "an": dict(type="AssumeNegativeLoss"),
    "an-ls": dict(type="AssumeNegativeLoss", variant="smoothed"),
    "wan": dict(type="AssumeNegativeLoss", variant="weak"),
    "epr": dict(type="ExpectedPositivesLoss", expected_positives=1.5),
    "em": dict(type="EntropyMaximizationLoss"),
    "gr": dict(type="GeneralizedRobustLoss"),
    "db": dict(type="DistributionBalancedLoss"),
    "cb": dict(type="ClassBalancedLoss", loss=dict(type="PartialAsymmetricLoss")),
    "ldam": dict(type="LDAMLoss", scale=2.0),
    "zlpr": dict(type="ZLPRLoss"),
    "two-way": dict(type="TwoWayLoss"),
    "pr": dict(type="PairwiseRankingLoss"),
    "poly-1": dict(type="Poly1Loss"),
    "multi-grained": dict(type="MultiGrainedFocalLoss"),
    "corrector": dict(type="ReflectiveLabelCorrectorLoss"),
}
ALL = pytest.mark.parametrize("name", FIELD)


@ALL
def test_partial_label_masking_masks_value_and_gradient(name):
    logits, labels = random_batch(32)
    plm = build(dict(type="PartialLabelMaskingLoss", loss=FIELD[name]))
    masked = elements_of(plm, logits, labels).weight == 0
    prepare(plm)  # the same iteration has the same random numbers
    losses = plm(logits, labels, reduction_override="none")
    assert (masked & (labels == 1)).any() or (masked & (labels == 0)).any()
    assert (losses[masked] == 0).all()
    plain = build(FIELD[name])(logits, labels, reduction_override="none")
    torch.testing.assert_close(losses[~masked], plain[~masked])
    # The softmax of LDAM depends on all classes of an image, so a masked negative of it has a gradient.
    if name != "ldam":
        losses.sum().backward()
        assert (logits.grad[masked] == 0).all()


@ALL
def test_known_elements_are_weighted_by_statistics(name):
    logits, labels = random_batch()
    loss = build(dict(type="StatisticsBalancedLoss", loss=FIELD[name], normalize=False))
    losses = loss(logits, labels, reduction_override="none")
    plain = build(FIELD[name])(logits, labels, reduction_override="none")
    weight = torch.where(labels == 1, torch.tensor([9.0, 4.0, 7 / 3]), torch.tensor(1.0))
    torch.testing.assert_close(losses, weight * plain)


@ALL
def test_the_prior_is_tracked_and_nothing_else_changes(name):
    logits, labels = random_batch()
    loss = build(dict(type="ClassPriorTrackingLoss", loss=FIELD[name]))
    torch.testing.assert_close(loss(logits, labels), build(FIELD[name])(logits, labels))
    loss.update_statistics()
    torch.testing.assert_close(loss.class_prior, torch.sigmoid(logits.detach()).mean(dim=0))


@ALL
def test_pseudo_labels_replace_unknown_labels(name):
    logits, labels = random_batch()
    loss = build(dict(type="PseudoLabelLoss", loss=FIELD[name], warmup_epochs=0))
    p = torch.sigmoid(logits.detach())
    filled = torch.where((labels == -1) & (p > 0.9), 1, torch.where((labels == -1) & (p < 0.1), 0, labels))
    assert not torch.equal(filled, labels)
    torch.testing.assert_close(loss(logits, labels), build(FIELD[name])(logits, filled))


@ALL
def test_trains_a_head_of_mmpretrain(name):
    torch.manual_seed(0)
    head = MODELS.build(
        dict(type="MultiLabelLinearClsHead", num_classes=3, in_channels=4, loss=FIELD[name])
    ).train()
    prepare(head, epoch=1)
    features = torch.randn(12, 4)
    labels = (features[:, :3] > 0.5).float()
    labels[labels.sum(dim=1) == 0, 0] = 1
    labels[::4, 2] = -1
    samples = [DataSample().set_gt_score(row) for row in labels]
    optimizer = torch.optim.SGD(head.parameters(), lr=0.05)
    values = []
    for _ in range(20):
        loss = head.loss((features,), samples)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    assert values[-1] < values[0]


@pytest.mark.parametrize("name", sorted(set(FIELD) - {"cb", "focal"}))
def test_the_loss_of_a_batch_without_images_is_0(name):
    assert build(FIELD[name])(torch.zeros(0, 3), torch.zeros(0, 3)).item() == 0
