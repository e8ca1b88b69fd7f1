"""What a loss returns: its elements, and the fraction with which each of them takes part."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional import LossContext
from mmpretrain_imbalance.losses import Elements, ElementwiseLoss, PartialLabelMaskingLoss
from tests.losses.smallest_losses import WRAPPERS, build, elements_of, tables, tell

NUM_IMAGES, NUM_CLASSES = 40, 3


def fractions(num_images: int = NUM_IMAGES, num_classes: int = NUM_CLASSES) -> torch.Tensor:
    """Weights from 0 to 1, both ends among them."""
    generator = torch.Generator().manual_seed(7)
    weight = torch.rand(num_images, num_classes, generator=generator)
    return (2 * weight - 0.5).clamp(0, 1)


class Fractional(ElementwiseLoss):
    """The square of the logit, and a weight that is given."""

    form = "tuple"

    def elementwise_loss(self, logits, labels, context):
        weight = fractions(*logits.shape)
        return {
            "tuple": (logits**2, weight),
            "elements": Elements(logits**2, weight),
            "labels": Elements(logits**2, weight, labels),
            "double": (logits**2, weight.double()),
        }[self.form]


class Plain(ElementwiseLoss):
    def elementwise_loss(self, logits, labels, context):
        return logits**2


def batch():
    logits, labels = tables(NUM_IMAGES, NUM_CLASSES)
    return logits, labels, fractions()


def by_hand(table, weight, reduction, most=10.0):
    """The reductions as sums over single elements of a table that is weighed already."""
    rows, columns = range(len(table)), range(len(table[0]))
    if reduction == "kept_per_class":
        return sum(
            min(len(table) / sum(weight[n][c].item() for n in rows), most)
            * sum(table[n][c].item() for n in rows)
            for c in columns
        ) / len(table)
    count = {
        "sum": 1,
        "mean_images": len(table),
        "mean": len(table) * len(table[0]),
        "mean_kept": sum(weight[n][c].item() for n in rows for c in columns),
    }[reduction]
    return sum(table[n][c].item() for n in rows for c in columns) / count


REDUCTIONS = pytest.mark.parametrize(
    "reduction", ["sum", "mean_images", "mean", "mean_kept", "kept_per_class"]
)


@pytest.mark.parametrize("form", ["tuple", "elements", "labels"])
def test_the_loss_is_multiplied_once(form):
    logits, labels, weight = batch()
    loss = Fractional(loss_weight=3.0)
    loss.form = form
    table = loss(logits, labels, reduction_override="none")
    torch.testing.assert_close(table, 3 * logits**2 * weight)
    (gradient,) = torch.autograd.grad(table.sum(), logits)
    torch.testing.assert_close(gradient, 6 * logits * weight)
    assert (weight == 0).any()
    assert (weight == 1).any()
    assert ((weight > 0) & (weight < 1)).any()


@REDUCTIONS
def test_reductions_count_what_takes_part_by_its_fraction(reduction):
    logits, labels, weight = batch()
    expected = by_hand(logits**2 * weight, weight, reduction)
    assert Fractional(reduction=reduction)(logits, labels).item() == pytest.approx(expected, rel=1e-5)
    # With all known, "mean_known" is the mean over all.
    if reduction == "mean":
        known = Fractional(reduction="mean_known")(logits, labels.abs())
        assert known.item() == pytest.approx(expected, rel=1e-5)


def test_the_factor_of_a_class_is_bounded():
    logits, labels, weight = batch()
    loss = Fractional(reduction="kept_per_class")
    loss.max_class_factor = 1.3
    assert max(NUM_IMAGES / weight.sum(dim=0)) > 1.3
    expected = by_hand(logits**2 * weight, weight, "kept_per_class", most=1.3)
    assert loss(logits, labels).item() == pytest.approx(expected, rel=1e-5)


@REDUCTIONS
def test_ones_are_no_weight(reduction):
    class Ones(Plain):
        def elementwise_loss(self, logits, labels, context):
            return logits**2, torch.ones_like(logits).to(self.kind)

    logits, labels, _ = batch()
    expected = Plain(reduction=reduction)(logits, labels)
    for kind in (torch.bool, torch.float32, torch.int8):
        ones = Ones(reduction=reduction)
        ones.kind = kind
        torch.testing.assert_close(ones(logits, labels), expected)


def test_the_weight_of_a_caller_weighs_and_does_not_count():
    logits, labels, weight = batch()
    sample_weight = torch.linspace(0, 2, NUM_IMAGES)
    loss = Fractional(reduction="mean_kept")(logits, labels, weight=sample_weight)
    expected = (logits**2 * weight * sample_weight[:, None]).sum() / weight.sum()
    torch.testing.assert_close(loss, expected)


@REDUCTIONS
@pytest.mark.parametrize("name", sorted({*WRAPPERS} - {"SelectiveNegativeLoss"}))
@pytest.mark.parametrize("training", [False, True])
def test_a_wrapper_passes_the_fractions_on(name, training, reduction):
    """Each wrapper changes the loss by a factor of the element, and the fraction is taken once."""
    logits, labels, weight = batch()
    config = dict(type=name, reduction=reduction)
    loss = build(dict(config, loss=Fractional())).train(training)
    tell(loss)
    plain = build(dict(config, loss=Plain())).train(training)
    table, of_plain = (each(logits, labels, reduction_override="none") for each in (loss, plain))
    torch.testing.assert_close(table, of_plain * weight)
    tell(loss)
    kept = elements_of(loss, logits, labels).weight
    tell(loss)
    expected = by_hand(table, kept.float(), reduction)
    assert loss(logits, labels).item() == pytest.approx(expected, rel=1e-4)
    if not training:
        torch.testing.assert_close(kept, weight)


@REDUCTIONS
def test_a_mask_and_the_fractions_of_the_held_loss_multiply(reduction):
    logits, labels, weight = batch()
    loss = build(dict(type="PartialLabelMaskingLoss", loss=Fractional(), reduction=reduction))
    keep = elements_of(build(dict(type="PartialLabelMaskingLoss", loss=Plain())), logits, labels).weight
    assert (~keep).any()
    elements = elements_of(loss, logits, labels)
    torch.testing.assert_close(elements.weight, weight * keep)
    torch.testing.assert_close(elements.loss, logits**2)  # the outermost loss weighs
    torch.testing.assert_close(elements.weighed(), logits**2 * weight * keep)
    tell(loss)
    expected = by_hand(logits**2 * weight * keep, weight * keep, reduction)
    assert loss(logits, labels).item() == pytest.approx(expected, rel=1e-5)


def test_a_selection_and_the_fractions_of_the_held_loss_multiply():
    logits, labels, weight = batch()
    arguments = dict(type="SelectiveNegativeLoss", likelihood_topk=0.5)
    unknown = [(n, c) for n in range(NUM_IMAGES) for c in range(NUM_CLASSES) if labels[n, c] == -1]
    keep = torch.ones_like(weight)
    for place in sorted(unknown, key=lambda place: -logits[place].item())[: NUM_IMAGES // 2]:
        keep[place] = 0
    elements = elements_of(build(dict(arguments, loss=Fractional())), logits, labels)
    torch.testing.assert_close(elements.weight, weight * keep)
    table = build(dict(arguments, loss=Fractional()))(logits, labels, reduction_override="none")
    torch.testing.assert_close(table, logits**2 * weight * keep)


def test_weights_of_a_composition_are_taken_once_each():
    """Three loss weights, one class weight and one fraction: their product."""
    logits, labels, weight = batch()
    held = dict(type="ClassBalancedLoss", scheme="inverse", loss=Fractional(loss_weight=2.0), loss_weight=3.0)
    loss = build(dict(type="ClassPriorTrackingLoss", loss=held, loss_weight=5.0))
    class_weight = 3 / torch.tensor([1.0, 2, 3]) / (1 + 1 / 2 + 1 / 3)  # counts 10, 20, 30
    expected = 30 * class_weight * weight * logits**2
    torch.testing.assert_close(loss(logits, labels, reduction_override="none"), expected)


def test_the_hardest_classes_are_so_after_the_weights():
    """A class whose elements take little part is not hard, however large its loss."""

    class Loud(Plain):
        def elementwise_loss(self, logits, labels, context):
            weight = torch.full_like(logits, 0.5)
            weight[:, 0] = 1e-3
            return torch.where(torch.arange(logits.shape[1]) == 0, 100.0, logits**2), weight

    logits = torch.linspace(1, 2, 40).expand(4, 40)
    arguments = dict(type="LabelSpaceReductionLoss", active_fraction=0.25, hard_fraction=0.8, reduction="sum")
    loss = build(dict(arguments, loss=Loud()), 40)
    active = 0
    for iteration in range(20):
        tell(loss, 40, iteration=iteration)
        table = loss(logits, torch.zeros(4, 40), reduction_override="none")
        assert (table[:, -8:] > 0).all()  # the eight hardest
        active += bool((table[:, 0] > 0).any())
    assert active < 10  # by chance in one step of sixteen


def test_shares_count_what_takes_no_part_at_all():
    logits, labels, weight = batch()
    loss = build(dict(type="PartialLabelMaskingLoss", loss=Fractional(), initial_ideal_ratio="class"))
    loss(logits, labels)
    for kind, of_kind in (("ignored_fraction", labels == -1), ("masked_fraction", labels != -1)):
        expected = ((weight == 0) & of_kind).float().mean(dim=0)
        assert sum(expected) > 0
        torch.testing.assert_close(loss.element_counter.values()[kind].float(), expected)


def test_what_is_held_is_asked_once():
    """A wrapper that asks twice would gather, and draw, twice."""
    calls = []

    class Asked(Plain):
        def gather(self, logits, labels, context):
            calls.append("gather")

        def elementwise_loss(self, logits, labels, context):
            calls.append("loss")
            return super().elementwise_loss(logits, labels, context)

    for name in WRAPPERS:
        calls.clear()
        loss = build(dict(type=name, loss=Asked()))
        loss(*tables(), context=LossContext(sample_ids=torch.arange(6)))
        assert calls == ["gather", "loss"], name


def test_a_mask_in_validation_is_the_fraction_alone():
    logits, labels, weight = batch()
    loss = PartialLabelMaskingLoss(Fractional()).eval()
    torch.testing.assert_close(loss(logits, labels, reduction_override="none"), logits**2 * weight)
