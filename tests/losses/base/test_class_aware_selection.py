"""The number of unknown elements that CSL leaves out, estimated from the label counts."""

from __future__ import annotations

import math

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional import missing_positives
from mmpretrain_imbalance.hooks.label_statistics.statistics_snapshot import StatisticsSnapshot
from mmpretrain_imbalance.losses.base.class_aware_selection import ClassAwareSelection
from mmpretrain_imbalance.testing import check_loss
from mmpretrain_imbalance.utils.class_values import write_named_values
from tests.losses.smallest_losses import PLAIN, build, random_batch

AUTO = dict(type="ClassAwareSelectiveLoss", likelihood_topk="auto")
AROUND = dict(type="SelectiveNegativeLoss", likelihood_topk="auto", loss=PLAIN)
COUNTS = torch.tensor([30, 10, 5]), torch.tensor([20, 50, 60])
UNKNOWN = torch.tensor([50, 40, 35])
# Unknown labels times the fraction of positives among the known labels, per image.
MISSING = (50 * 30 / 50 + 40 * 10 / 60 + 35 * 5 / 65) / 100
FIXED = torch.full((3,), 20)
NAMES = ["cat", "dog", "emu"]


def counted(config: dict, unknown=UNKNOWN, counts=COUNTS):
    loss = MODELS.build(config).train()
    loss.set_unknown_counts(unknown)
    loss.set_label_counts(*counts, NAMES)
    return loss


def left_out(loss, num_images: int = 40) -> int:
    """Count the elements of a batch of unknown labels that a loss leaves out."""
    labels = torch.full((num_images, 3), -1)
    return int((loss(random_batch(num_images)[0], labels, reduction_override="none") == 0).sum())


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("config", [AUTO, AROUND], ids=lambda config: config["type"])
def test_the_number_is_the_estimate_of_the_missing_positives(config, wrap):
    loss = counted(dict(type="PartialLabelMaskingLoss", loss=config) if wrap else config)
    selection = loss.loss.selection if wrap else loss.selection
    assert selection.estimated_topk.item() == pytest.approx(MISSING)
    assert left_out(loss) == round(40 * MISSING)


def test_equals_the_loss_with_this_number():
    logits, labels = random_batch(40)
    expected = counted(dict(AUTO, likelihood_topk=MISSING))
    torch.testing.assert_close(counted(AUTO)(logits, labels), expected(logits, labels))


def test_one_number_per_image_is_an_integer_of_at_least_1():
    many = torch.tensor([90, 80, 70]), torch.tensor([10, 20, 30])
    for counts, unknown, exact, number in (
        (COUNTS, UNKNOWN, MISSING, 1),
        (many, torch.full((3,), 20), 0.4, 1),
        (many, torch.full((3,), 900), 2.16, 2),
    ):
        loss = counted(dict(AUTO, topk_scope="image"), unknown, counts)
        assert missing_positives(*counts, unknown) == pytest.approx(exact)
        assert loss.selection.estimated_topk.item() == number
        assert left_out(loss) == 40 * number


def test_a_fixed_number_per_class_uses_the_prior_if_the_loss_does():
    unknown = torch.full((3,), 160)
    prior = dict(class_prior=[0.3, 0.2, 0.05])
    for arguments, expected in (
        ({}, 1),
        (prior, 0.2 + 0.1 + 0),
        (dict(prior, prior_threshold=None), 1),
    ):
        loss = counted(dict(AUTO, **arguments), unknown, (FIXED, FIXED))
        assert loss.selection.estimated_topk.item() == pytest.approx(expected)


def test_a_resumed_run_keeps_the_number_although_the_prior_file_has_changed(tmp_path):
    path = tmp_path / "prior.json"
    config = dict(AUTO, class_prior=str(path), prior_threshold=0.9)
    fixed = dict(unknown=torch.full((3,), 160), counts=(FIXED, FIXED))
    write_named_values(path, NAMES, dict(class_prior=[0.3, 0.2, 0.15]))
    first = counted(config, **fixed)
    write_named_values(path, NAMES, dict(class_prior=[0.8, 0.8, 0.8]))
    resumed = counted(config, **fixed)
    assert left_out(resumed) > left_out(first)
    resumed.load_state_dict(first.state_dict())
    assert left_out(resumed) == left_out(first)
    resumed.set_progress(3, 10, 30)
    assert left_out(resumed) == left_out(first) == round(40 * 0.35)


def test_weights_of_another_run_do_not_change_the_number():
    """As in a run with ``load_from``, where the hook restores the statistics before the first step."""
    loss, other = counted(AUTO), counted(AUTO, 10 * UNKNOWN)
    snapshot = StatisticsSnapshot([loss, loss.selection])
    loss.load_state_dict(other.state_dict())
    snapshot.restore()
    loss.set_progress(0, 10, 0)
    assert left_out(loss) == round(40 * MISSING)


def test_without_counts():
    with pytest.raises(
        RuntimeError, match=r"ClassAwareSelectiveLoss needs the label counts.*LabelStatistics"
    ):
        MODELS.build(AUTO).train()(*random_batch())
    with pytest.raises(RuntimeError, match=r"has not computed likelihood_topk='auto'"):
        MODELS.build(AUTO).eval()(*random_batch())
    with pytest.raises(ValueError, match=r"unless set_unknown_counts is called before set_label_counts"):
        MODELS.build(AUTO).set_label_counts(*COUNTS)
    with pytest.raises(ValueError, match=r"'likelihood_topk' argument of SomeLoss must be .* Got 'all'"):
        ClassAwareSelection("all", owner="SomeLoss")


def test_a_number_needs_no_counts():
    assert "label_counts" not in MODELS.build(dict(AUTO, likelihood_topk=1)).traits.needs
    assert "label_counts" in MODELS.build(AROUND).traits.needs
    assert math.isnan(ClassAwareSelection("auto").estimated_topk)
    assert not hasattr(ClassAwareSelection(1), "estimated_topk")


@pytest.mark.parametrize("law", ["checkpoint_round_trip", "copies", "model_casts", "no_host_reads"])
def test_laws(law):
    assert build(AUTO).selection.estimated_topk > 0
    check_loss(AUTO, laws=[law])
