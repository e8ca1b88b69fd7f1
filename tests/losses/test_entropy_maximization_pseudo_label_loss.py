"""EM + PL: pseudo-labels of each image, elements that take part, and counts."""

from __future__ import annotations

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional import LossContext, entropy_maximization_loss
from mmpretrain_imbalance.functional.losses.entropy_maximization_pseudo_label_loss import (
    entropy_maximization_pseudo_label_loss,
)
from tests.losses.smallest_losses import PSEUDO_LABELS, build, elements_of, random_batch, with_sample_ids

NAME = "EntropyMaximizationPseudoLabelLoss"
CONFIG = dict(type=NAME, pseudo_labels=PSEUDO_LABELS, num_images=64)
IDS = torch.tensor([40, 3, 63, 0, 3, 17])


def test_pseudo_labels_are_those_of_the_images():
    logits, labels = random_batch()
    pseudo = torch.tensor(PSEUDO_LABELS)[IDS]
    for arguments in (dict(), dict(alpha=0.2, beta=0.5, smoothing=0.2, eps=1e-4)):
        loss = build(dict(CONFIG, reduction="mean", **arguments))
        expected = entropy_maximization_pseudo_label_loss(logits, labels, pseudo, **arguments)
        found = loss(logits, labels, context=LossContext(sample_ids=IDS))
        torch.testing.assert_close(found, expected.mean())
    em = entropy_maximization_loss(logits, labels, alpha=0.2, eps=1e-4).mean()
    assert found != em
    torch.testing.assert_close(loss.eval()(logits, labels), em)


def test_weights_and_learned_labels():
    logits, labels = random_batch()
    pseudo = torch.tensor(PSEUDO_LABELS)[IDS]
    elements = elements_of(build(CONFIG), logits, labels, LossContext(sample_ids=IDS))
    assert torch.equal(elements.weight, (labels != -1) | (pseudo != 0))
    assert torch.equal(elements.labels, torch.where((labels == -1) & (pseudo == 1), 1, labels).to(torch.int8))
    loss = build(CONFIG)
    loss(logits, labels, context=LossContext(sample_ids=IDS))
    fractions = loss.element_counter.values()
    unknown = labels == -1
    assert fractions["ignored_fraction"].tolist() == pytest.approx(
        (unknown & (pseudo == 0)).float().mean(0).tolist()
    )
    assert fractions["pseudo_positive_fraction"].tolist() == pytest.approx(
        (unknown & (pseudo == 1)).float().mean(0).tolist()
    )


def test_a_file_is_read_when_training_begins(tmp_path):
    loss = with_sample_ids(MODELS.build(dict(CONFIG, pseudo_labels=str(tmp_path / "answers.npy"))))
    assert loss.eval()(*random_batch()).isfinite()  # validation needs no pseudo-labels
    with pytest.raises(FileNotFoundError, match=f"'pseudo_labels' argument of {NAME} .*answers.npy"):
        loss.set_label_counts(torch.ones(3), torch.ones(3))


def test_invalid_arguments():
    with pytest.raises(ValueError, match="'smoothing'"):
        MODELS.build(dict(CONFIG, smoothing=1.5))
    with pytest.raises(ValueError, match=f"'num_images' argument of {NAME} must be the length"):
        build(CONFIG)(*random_batch(), context=LossContext(sample_ids=IDS + 1))
