"""Batch augmentations: images of the host, labels that never leak an unknown one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mmpretrain.models.utils.batch_augments import RandomBatchAugment
from mmpretrain.registry import BATCH_AUGMENTS

PAIRS = pytest.mark.parametrize(
    ("ours", "host"), [("PartialLabelMixup", "Mixup"), ("PartialLabelCutMix", "CutMix")]
)


def seeded(name: str, images: torch.Tensor, labels: torch.Tensor, seed: int, alpha: float = 1.0):
    """Apply the augmentation to copies, from a seed."""
    np.random.seed(seed)  # noqa: NPY002, TID251 - the host draws from the global generator
    torch.manual_seed(seed)
    return BATCH_AUGMENTS.build(dict(type=name, alpha=alpha))(images.clone(), labels.clone())


@PAIRS
@given(seed=st.integers(0, 10_000))
def test_known_labels_and_images_are_those_of_the_host(ours, host, seed):
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(4, 1, 8, 8, generator=generator)
    labels = torch.randint(0, 2, (4, 5), generator=generator)
    images_of_ours, labels_of_ours = seeded(ours, images, labels, seed)
    images_of_host, labels_of_host = seeded(host, images, labels, seed)
    torch.testing.assert_close(images_of_ours, images_of_host, rtol=0, atol=0)
    torch.testing.assert_close(labels_of_ours, labels_of_host)


@PAIRS
@given(seed=st.integers(0, 10_000), alpha=st.sampled_from([0.01, 0.2, 1.0]))
def test_no_unknown_label_leaks(ours, host, seed, alpha):
    """What is known after mixing does not depend on the -1 elements: any label in their place does."""
    labels = torch.randint(-1, 2, (6, 7), generator=torch.Generator().manual_seed(seed)).float()
    images = torch.zeros(6, 1, 8, 8)
    _, mixed = seeded(ours, images, labels, seed, alpha)
    assert ((mixed == -1) | ((mixed >= 0) & (mixed <= 1))).all()
    for stand_in in (0.0, 1.0):
        _, expected = seeded(host, images, labels.masked_fill(labels == -1, stand_in), seed, alpha)
        torch.testing.assert_close(mixed[mixed != -1], expected[mixed != -1])


@PAIRS
def test_the_host_leaks(ours, host):
    """The reason for this class; when this fails, the host has learnt it and ours may go."""
    labels = torch.tensor([[1.0, -1.0], [-1.0, 1.0], [0.0, -1.0]])
    _, mixed = seeded(host, torch.zeros(3, 1, 8, 8), labels, seed=1)
    assert ((mixed > -1) & (mixed < 0)).any()


@PAIRS
def test_can_be_drawn_at_random(ours, host):
    augment = RandomBatchAugment(augments=dict(type=ours, alpha=0.2), probs=0.5)
    images, labels = augment(torch.zeros(2, 1, 8, 8), torch.tensor([[-1, 1], [-1, 1]], dtype=torch.int8))
    assert images.shape == (2, 1, 8, 8)
    assert labels.tolist() == [[-1, 1], [-1, 1]]


@PAIRS
@pytest.mark.parametrize("alpha", [0, -1.0, float("nan")])
def test_refuses_an_alpha_that_is_not_positive(ours, host, alpha):
    with pytest.raises(ValueError, match=f"'alpha' argument of {ours} must be positive. Got"):
        BATCH_AUGMENTS.build(dict(type=ours, alpha=alpha))
