"""Batch augmentations: images as in MMPretrain, mixed labels that do not depend on unknown labels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mmpretrain.models.utils.batch_augments import RandomBatchAugment
from mmpretrain.registry import BATCH_AUGMENTS

PAIRS = pytest.mark.parametrize(
    ("ours", "mmpretrain"), [("PartialLabelMixup", "Mixup"), ("PartialLabelCutMix", "CutMix")]
)


def seeded(name: str, images: torch.Tensor, labels: torch.Tensor, seed: int, alpha: float = 1.0):
    """Apply the augmentation to copies with a seed."""
    np.random.seed(seed)  # noqa: NPY002, TID251 - MMPretrain uses the global generator
    torch.manual_seed(seed)
    return BATCH_AUGMENTS.build(dict(type=name, alpha=alpha))(images.clone(), labels.clone())


@PAIRS
@given(seed=st.integers(0, 10_000))
def test_known_labels_and_images_are_those_of_mmpretrain(ours, mmpretrain, seed):
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(4, 1, 8, 8, generator=generator)
    labels = torch.randint(0, 2, (4, 5), generator=generator)
    images_of_ours, labels_of_ours = seeded(ours, images, labels, seed)
    expected_images, expected_labels = seeded(mmpretrain, images, labels, seed)
    torch.testing.assert_close(images_of_ours, expected_images, rtol=0, atol=0)
    torch.testing.assert_close(labels_of_ours, expected_labels)


@PAIRS
@given(seed=st.integers(0, 10_000), alpha=st.sampled_from([0.01, 0.2, 1.0]))
def test_mixed_labels_do_not_depend_on_unknown_labels(ours, mmpretrain, seed, alpha):
    """Labels that are known after mixing stay the same if another value replaces the -1."""
    labels = torch.randint(-1, 2, (6, 7), generator=torch.Generator().manual_seed(seed)).float()
    images = torch.zeros(6, 1, 8, 8)
    _, mixed = seeded(ours, images, labels, seed, alpha)
    assert ((mixed == -1) | ((mixed >= 0) & (mixed <= 1))).all()
    for replacement in (0.0, 1.0):
        _, expected = seeded(mmpretrain, images, labels.masked_fill(labels == -1, replacement), seed, alpha)
        torch.testing.assert_close(mixed[mixed != -1], expected[mixed != -1])


@PAIRS
def test_mmpretrain_averages_unknown_labels(ours, mmpretrain):
    """The reason for these classes; if this fails, they may no longer be needed."""
    labels = torch.tensor([[1.0, -1.0], [-1.0, 1.0], [0.0, -1.0]])
    _, mixed = seeded(mmpretrain, torch.zeros(3, 1, 8, 8), labels, seed=1)
    assert ((mixed > -1) & (mixed < 0)).any()


@PAIRS
def test_can_be_applied_at_random(ours, mmpretrain):
    augment = RandomBatchAugment(augments=dict(type=ours, alpha=0.2), probs=0.5)
    images, labels = augment(torch.zeros(2, 1, 8, 8), torch.tensor([[-1, 1], [-1, 1]], dtype=torch.int8))
    assert images.shape == (2, 1, 8, 8)
    assert labels.tolist() == [[-1, 1], [-1, 1]]


@PAIRS
@pytest.mark.parametrize("alpha", [0, -1.0, float("nan")])
def test_an_alpha_that_is_not_positive_raises(ours, mmpretrain, alpha):
    with pytest.raises(ValueError, match=f"'alpha' argument of {ours} must be positive. Got"):
        BATCH_AUGMENTS.build(dict(type=ours, alpha=alpha))
