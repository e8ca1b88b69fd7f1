"""Soft labels of the table at unknown elements, for any wrapped loss."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional import LossContext
from mmpretrain_imbalance.losses import SoftLabelLoss
from mmpretrain_imbalance.testing import check_loss
from tests.losses.smallest_losses import SMALLEST, SOFT_LABELS, WRAPPERS, build, elements_of, random_batch

PLAIN = dict(type="PartialAsymmetricLoss")
CONFIG = dict(type="SoftLabelLoss", loss=PLAIN, soft_labels=SOFT_LABELS, num_images=64)
IDS = torch.tensor([40, 3, 63, 0, 3, 17])
CONTEXT = LossContext(sample_ids=IDS)
#: Losses whose elements depend on nothing but logit and label, and that take no sample ids.
INSIDE = ["PartialAsymmetricLoss", "HillLoss", "FocalLoss", "Poly1Loss", "AssumeNegativeLoss"]


@pytest.mark.parametrize("name", INSIDE)
@pytest.mark.parametrize("weight", [1.0, 0.3])
def test_elements_equal_the_formula(name, weight):
    inner = SMALLEST.get(name, dict(type=name))
    logits, labels = random_batch()
    loss = build(dict(CONFIG, loss=inner, weight=weight))

    def wrapped(label):
        return loss.loss(logits, torch.full_like(logits, label), reduction_override="none")

    found = loss(logits, labels, context=CONTEXT, reduction_override="none")
    alone = loss.loss(logits, labels, reduction_override="none")
    soft = np.array(SOFT_LABELS)[IDS]
    for image, c in np.ndindex(6, 3):
        expected = alone[image, c]
        if labels[image, c] == -1 and not np.isnan(soft[image, c]):
            q = soft[image, c]
            expected = weight * (q * wrapped(1)[image, c] + (1 - q) * wrapped(0)[image, c])
        torch.testing.assert_close(found[image, c], expected)


def test_known_elements_and_validation_are_those_of_the_wrapped_loss():
    logits, labels = random_batch()
    loss = build(CONFIG)
    known = loss(logits, labels.clamp(min=0), context=CONTEXT)
    torch.testing.assert_close(known, loss.loss(logits, labels.clamp(min=0)))
    torch.testing.assert_close(loss.eval()(logits, labels), loss.loss(logits, labels))


def test_learned_labels_and_weights():
    logits, labels = random_batch()
    soft = torch.tensor(SOFT_LABELS)[IDS]
    elements = elements_of(build(CONFIG), logits, labels, CONTEXT)
    has_one = (labels == -1) & ~soft.isnan()
    torch.testing.assert_close(elements.labels, torch.where(has_one, soft, labels))
    assert torch.equal(elements.weight.bool(), (labels != -1) | has_one)


def test_weight_grows_after_the_warm_up():
    logits, labels = random_batch()
    config = dict(CONFIG, warmup_epochs=2, ramp_epochs=4, weight=0.8)
    whole = build(dict(CONFIG, weight=1.0))(logits, labels, context=CONTEXT)
    none = build(PLAIN)(logits, labels)
    for epoch, weight in ((0, 0), (1, 0), (2, 0.2), (4, 0.6), (5, 0.8), (9, 0.8)):
        found = build(config, epoch=epoch)(logits, labels, context=CONTEXT)
        torch.testing.assert_close(found, none + weight * (whole - none))


@pytest.mark.parametrize("name", sorted(set(WRAPPERS) - {"PartialLabelMaskingLoss", "SoftLabelLoss"}))
def test_other_wrappers_inside(name):
    logits, labels = random_batch()
    loss = build(dict(CONFIG, loss=SMALLEST[name]))
    loss(logits, labels, context=CONTEXT).backward()
    assert logits.grad.isfinite().all()
    assert (logits.grad[labels == -1] != 0).any()


def test_a_loss_that_needs_the_annotation_goes_around():
    with pytest.raises(ValueError, match="Put PartialLabelMaskingLoss around SoftLabelLoss instead"):
        MODELS.build(dict(CONFIG, loss=dict(type="PartialLabelMaskingLoss", loss=PLAIN)))
    with pytest.raises(ValueError, match="Put SoftLabelLoss around LabelSpaceReductionLoss instead"):
        MODELS.build(dict(type="LabelSpaceReductionLoss", loss=CONFIG))


@pytest.mark.parametrize("changes", [dict(), dict(warmup_epochs=3, ramp_epochs=2), dict(weight=0.1)])
def test_laws(changes):
    check_loss(dict(CONFIG, **changes))


def test_the_hook_sets_the_table():
    logits, labels = random_batch()
    loss = build(dict(type="SoftLabelLoss", loss=PLAIN))
    with pytest.raises(RuntimeError, match=r"has no soft labels. Add dict.type='SoftLabelsHook'."):
        loss(logits, labels, context=CONTEXT)
    with pytest.raises(RuntimeError, match="has no soft labels"):
        build(dict(type="SoftLabelLoss", loss=PLAIN, warmup_epochs=2), epoch=2)
    loss.set_num_images(64)
    loss.set_soft_labels(torch.tensor(SOFT_LABELS))
    torch.testing.assert_close(
        loss(logits, labels, context=CONTEXT), build(CONFIG)(logits, labels, context=CONTEXT)
    )
    with pytest.raises(ValueError, match=r"of shape \(64, C\). Got the shape \(2, 3\)"):
        loss.set_soft_labels(SOFT_LABELS[:2])


def test_a_file_is_read_when_the_length_is_known(tmp_path):
    path = tmp_path / "soft_labels.npy"
    np.save(path, np.array(SOFT_LABELS, dtype=np.float16))
    loss = build(dict(type="SoftLabelLoss", loss=PLAIN, soft_labels=str(path)))
    loss.set_num_images(64)
    loss.set_label_counts(torch.ones(3), torch.ones(3))
    logits, labels = random_batch()
    torch.testing.assert_close(
        loss(logits, labels, context=CONTEXT), build(CONFIG)(logits, labels, context=CONTEXT)
    )
    missing = SoftLabelLoss(PLAIN, soft_labels=str(tmp_path / "none.npy"), num_images=64)
    with pytest.raises(FileNotFoundError, match=r"'soft_labels' argument of SoftLabelLoss .* does not exist"):
        missing.set_label_counts(torch.ones(3), torch.ones(3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(weight=-1.0), "'weight'"),
        (dict(ramp_epochs=-1), "'ramp_epochs'"),
        (dict(num_images=0), "'num_images'"),
    ],
)
def test_wrong_arguments_raise(arguments, message):
    with pytest.raises(ValueError, match=message):
        SoftLabelLoss(PLAIN, **arguments)


def test_wrong_tables_raise(tmp_path):
    loss = SoftLabelLoss(PLAIN, num_images=1)
    with pytest.raises(ValueError, match="must be probabilities from 0 to 1"):
        loss.set_soft_labels([[1.5]])
    (tmp_path / "text.npy").write_text("no array")
    with pytest.raises(ValueError, match="which cannot be read"):
        loss.set_soft_labels(tmp_path / "text.npy")
    narrow = build(dict(CONFIG, soft_labels=[[0.5]] * 64))
    with pytest.raises(ValueError, match="have 3 classes, but the soft labels of SoftLabelLoss have 1"):
        narrow(*random_batch(), context=CONTEXT)


def test_the_shape_of_the_buffer_does_not_change_when_the_hook_sets_it():
    loss = build(dict(type="SoftLabelLoss", loss=PLAIN, num_images=64))
    assert loss.table.shape == (64, 3)
    assert loss.table.isnan().all()
    assert "table" not in loss.state_dict()
