"""Settings that raise for losses with per-image state."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmpretrain.datasets import KFoldDataset
from mmpretrain.models.utils.batch_augments import Mixup, RandomBatchAugment
from torch import nn
from torch.utils.data import ConcatDataset, Subset

from mmpretrain_imbalance.datasets import MergedPartialLabels, MultiDigits, SimulatePartialLabels
from mmpretrain_imbalance.functional import LossContext
from mmpretrain_imbalance.hooks.label_statistics.image_loss_checks import prepare_image_losses
from mmpretrain_imbalance.losses import (
    AsymmetricPseudoLabelLoss,
    ClassPriorTrackingLoss,
    EntropyMaximizationPseudoLabelLoss,
    GeneralizedPseudoLabelRobustLoss,
    OnlineLabelEstimationLoss,
    PartialAsymmetricLoss,
    PermanentLargeLoss,
)
from mmpretrain_imbalance.models import PartialLabelMixup

PSEUDO_LABELS = np.arange(120).reshape(12, 10) % 3 - 1
LOSSES = {
    "AsymmetricPseudoLabelLoss": lambda num_images: AsymmetricPseudoLabelLoss(num_images),
    "OnlineLabelEstimationLoss": lambda num_images: OnlineLabelEstimationLoss(num_images, 10, 2.0),
    "PermanentLargeLoss": lambda num_images: PermanentLargeLoss(),
}


def digits(seed: int = 0, **kwargs) -> MultiDigits:
    return MultiDigits(num_images=12, seed=seed, **kwargs)


def model(loss: nn.Module, *augments) -> nn.Module:
    result = nn.Module()
    result.loss_module = loss
    result.data_preprocessor = nn.Module()
    result.data_preprocessor.batch_augments = RandomBatchAugment(list(augments), [0.1] * len(augments))
    return result


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda a, b: ConcatDataset([a, b]),
        lambda a, b: ConcatDataset([SimulatePartialLabels(d, "rps", probability=0.5) for d in (a, b)]),
        lambda a, b: SimulatePartialLabels(ConcatDataset([a, b]), "rps", probability=0.5),
        lambda a, b: Subset(ConcatDataset([a, b]), range(20)),
    ],
)
def test_repeated_ids_raise(name, wrap):
    dataset = wrap(digits(), digits(1))
    message = rf"training set of {name} must be one .* Got 2 .*MergedPartialLabels"
    with pytest.raises(ValueError, match=message):
        prepare_image_losses(model(LOSSES[name](24)), dataset)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(
    ("dataset", "num_images"),
    [
        (lambda: digits(), 12),
        (lambda: Subset(digits(), [3, 3, 7]), 12),
        (lambda: digits(indices=[3, 7]), 12),
        (lambda: SimulatePartialLabels(digits(indices=[3, 7]), "rps", probability=0.5), 12),
        (lambda: KFoldDataset(dict(type="MultiDigits", num_images=12), fold=0, num_splits=3), 12),
        (lambda: ConcatDataset([Subset(whole := digits(), [1]), Subset(whole, [4])]), 12),
        (lambda: MergedPartialLabels([digits(), digits(1)]), 24),
    ],
)
def test_unique_ids_pass(name, dataset, num_images):
    dataset = dataset()
    ids = {dataset[index]["sample_idx"] for index in range(len(dataset))}
    assert max(ids) < num_images
    prepare_image_losses(model(LOSSES[name](num_images)), dataset)


@pytest.mark.parametrize("num_images", [11, 120])
@pytest.mark.parametrize("name", ["AsymmetricPseudoLabelLoss", "OnlineLabelEstimationLoss"])
def test_another_num_images_raises(name, num_images):
    message = rf"'num_images' argument of {name} must be the length .*, 12. Got {num_images} instead"
    with pytest.raises(ValueError, match=message):
        prepare_image_losses(model(LOSSES[name](num_images)), digits())


@pytest.mark.parametrize(
    "build",
    [
        AsymmetricPseudoLabelLoss,
        lambda **given: EntropyMaximizationPseudoLabelLoss(PSEUDO_LABELS, **given),
        lambda **given: GeneralizedPseudoLabelRobustLoss(PSEUDO_LABELS, expected_positives=2, **given),
    ],
)
def test_losses_get_the_number_of_images_from_the_training_set(build):
    """The loss and the wrapper are as if the config had given the number, for a part of the training set."""
    dataset = digits(indices=[3, 7])
    given, taken = (ClassPriorTrackingLoss(build(**given)) for given in (dict(num_images=12), {}))
    for loss in (given, taken):
        prepare_image_losses(model(loss), dataset)
        loss.set_label_counts(torch.ones(10), torch.ones(10))
        loss.set_progress(0, 9, 0)
        assert loss.sample_id_limit == loss.loss.sample_id_limit == loss.loss.num_images == 12
    logits, labels = torch.zeros(2, 10), torch.tensor([[-1.0] * 10, [1.0] * 10])
    values = [loss(logits, labels, context=LossContext(torch.tensor([3, 7]))) for loss in (given, taken)]
    torch.testing.assert_close(*values)
    for found, expected in zip(taken.buffers(), given.buffers()):
        torch.testing.assert_close(found, expected)

    with pytest.raises(
        ValueError, match=r"'num_images' argument of \w+ must be the length .* Got None instead"
    ):
        build().set_label_counts(torch.ones(10), torch.ones(10))


@pytest.mark.parametrize("augment", [Mixup, PartialLabelMixup])
def test_mixed_images_raise(augment):
    with pytest.raises(ValueError, match=rf"'batch_augments' .* Got {augment.__name__} instead"):
        prepare_image_losses(model(PermanentLargeLoss(), augment(alpha=0.5)), digits())
    prepare_image_losses(model(PermanentLargeLoss(), lambda inputs, labels: (inputs, labels)), digits())


def test_losses_without_per_image_state_have_no_restrictions():
    dataset = ConcatDataset([digits(), digits(1)])
    prepare_image_losses(model(PartialAsymmetricLoss(), PartialLabelMixup(alpha=0.5)), dataset)
