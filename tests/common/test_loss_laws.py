"""Every registered loss of the package obeys the public laws of ``mmpretrain_imbalance.testing``."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from mmpretrain_imbalance.testing import LOSS_LAWS, check_loss
from tests.losses.smallest_losses import (
    NOT_CROSS_ENTROPY,
    PLAIN,
    SMALLEST,
    build,
    random_batch,
    registered_losses,
)

#: (loss, law) -> reason why the loss cannot obey the law; the test fails if the loss obeys it.
EXPECTED_FAILURES: dict[tuple[str, str], str] = {}
#: Losses whose weights in training differ from 1, also if all labels are known.
WEIGHTED = {"ClassBalancedLoss", "StatisticsBalancedLoss", "MultiGrainedFocalLoss"}


def test_every_registered_loss_has_smallest_arguments():
    assert set(SMALLEST) == registered_losses()


@pytest.mark.parametrize("law", LOSS_LAWS)
@pytest.mark.parametrize("name", sorted(SMALLEST))
def test_law(name, law):
    reasons = {of: reason for (loss, of), reason in EXPECTED_FAILURES.items() if (loss, of) == (name, law)}
    check_loss(SMALLEST[name], expected_failures=reasons, laws=[law])


@pytest.mark.parametrize(
    ("name", "num_classes"), [("PartialAsymmetricLoss", 4), ("PartialLabelMaskingLoss", 7)]
)
def test_laws_hold_for_other_numbers_of_classes(name, num_classes):
    check_loss(SMALLEST[name], num_classes)


@pytest.mark.parametrize("name", sorted(set(SMALLEST) - set(NOT_CROSS_ENTROPY)))
def test_fully_known_labels_give_the_plain_loss(name):
    """Fails for a loss that is not based on cross-entropy until NOT_CROSS_ENTROPY gives the reason."""
    logits, labels = random_batch()
    labels = labels.abs()
    arguments = {
        "ClassAwareSelectiveLoss": dict(gamma_neg=0),
        "PartialLabelMaskingLoss": dict(initial_ideal_ratio="class"),
        "LabelSpaceReductionLoss": dict(active_fraction=1.0),
        "AssumeNegativeLoss": dict(eps=0.0),
        "AsymmetricPseudoLabelLoss": dict(eps=0.0),
        "DistributionBalancedLoss": dict(rebalance=False, initial_bias=0.0, negative_scale=1.0, focusing=0.0),
        "EntropyMaximizationLoss": dict(eps=0.0),
        "EntropyMaximizationPseudoLabelLoss": dict(eps=0.0),
        "GeneralizedPseudoLabelRobustLoss": dict(regularization=0.0),
        "Poly1Loss": dict(epsilon=0.0),
        "SelfPacedCorrectionLoss": dict(margin=0.0, gamma=0.0, threshold=1.0),
    }.get(name, {})
    loss = build(dict(SMALLEST[name], **arguments)).train(name not in WEIGHTED)(logits, labels)
    torch.testing.assert_close(loss, binary_cross_entropy_with_logits(logits, labels, reduction="sum") / 6)


def test_chosen_unknown_elements_have_the_gradient_of_the_formula():
    """The focusing weight is q ** 4 and the loss -log q; K N = 6 unknown elements are left out."""
    logits, labels = random_batch()
    build(SMALLEST["ClassAwareSelectiveLoss"])(logits, labels, reduction_override="sum").backward()
    gradient = logits.grad[labels == -1]
    p = torch.sigmoid(logits.detach()[labels == -1]).double()
    kept = p <= p.sort(descending=True).values[6] if len(p) > 6 else torch.zeros_like(p, dtype=torch.bool)
    torch.testing.assert_close(gradient.double(), p**5 * kept)


def test_the_plain_loss_is_binary_cross_entropy():
    assert build(PLAIN)(torch.zeros(1, 3), torch.tensor([[1, 0, -1]])).item() == pytest.approx(2 * 0.6931472)
