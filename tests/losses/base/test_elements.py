"""Elements of a loss, and their weights."""

from __future__ import annotations

import pytest
import torch

from mmpretrain_imbalance.functional import LossContext
from mmpretrain_imbalance.losses import Elements, ElementwiseLoss, PartialLabelMaskingLoss
from tests.losses.smallest_losses import SMALLEST, WRAPPERS, build, elements_of, prepare, random_batch

NUM_IMAGES, NUM_CLASSES = 40, 3


def fractions(num_images: int = NUM_IMAGES, num_classes: int = NUM_CLASSES) -> torch.Tensor:
    """Return weights from 0 to 1, including 0 and 1."""
    generator = torch.Generator().manual_seed(7)
    weight = torch.rand(num_images, num_classes, generator=generator)
    return (2 * weight - 0.5).clamp(0, 1)


class Fractional(ElementwiseLoss):
    """Returns the squared logits and random weights."""

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
    logits, labels = random_batch(NUM_IMAGES, NUM_CLASSES)
    return logits, labels, fractions()


def by_hand(losses, weight, reduction, most=10.0):
    """Compute a reduction of weighted losses by sums over single elements."""
    rows, columns = range(len(losses)), range(len(losses[0]))
    if reduction == "kept_per_class":
        return sum(
            min(len(losses) / sum(weight[n][c].item() for n in rows), most)
            * sum(losses[n][c].item() for n in rows)
            for c in columns
        ) / len(losses)
    count = {
        "sum": 1,
        "mean_images": len(losses),
        "mean": len(losses) * len(losses[0]),
        "mean_kept": sum(weight[n][c].item() for n in rows for c in columns),
    }[reduction]
    return sum(losses[n][c].item() for n in rows for c in columns) / count


REDUCTIONS = pytest.mark.parametrize(
    "reduction", ["sum", "mean_images", "mean", "mean_kept", "kept_per_class"]
)


@pytest.mark.parametrize("form", ["tuple", "elements", "labels"])
def test_the_loss_is_multiplied_once(form):
    logits, labels, weight = batch()
    loss = Fractional(loss_weight=3.0)
    loss.form = form
    losses = loss(logits, labels, reduction_override="none")
    torch.testing.assert_close(losses, 3 * logits**2 * weight)
    (gradient,) = torch.autograd.grad(losses.sum(), logits)
    torch.testing.assert_close(gradient, 6 * logits * weight)
    assert (weight == 0).any()
    assert (weight == 1).any()
    assert ((weight > 0) & (weight < 1)).any()


@REDUCTIONS
def test_reductions_count_elements_by_their_weights(reduction):
    logits, labels, weight = batch()
    expected = by_hand(logits**2 * weight, weight, reduction)
    assert Fractional(reduction=reduction)(logits, labels).item() == pytest.approx(expected, rel=1e-5)
    # If all labels are known, "mean_known" is the mean over all elements.
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
def test_weights_of_one_change_nothing(reduction):
    class Ones(Plain):
        def elementwise_loss(self, logits, labels, context):
            return logits**2, torch.ones_like(logits).to(self.kind)

    logits, labels, _ = batch()
    expected = Plain(reduction=reduction)(logits, labels)
    for kind in (torch.bool, torch.float32, torch.int8):
        ones = Ones(reduction=reduction)
        ones.kind = kind
        torch.testing.assert_close(ones(logits, labels), expected)


def test_the_weight_argument_multiplies_and_is_not_counted():
    logits, labels, weight = batch()
    sample_weight = torch.linspace(0, 2, NUM_IMAGES)
    loss = Fractional(reduction="mean_kept")(logits, labels, weight=sample_weight)
    expected = (logits**2 * weight * sample_weight[:, None]).sum() / weight.sum()
    torch.testing.assert_close(loss, expected)


@REDUCTIONS
@pytest.mark.parametrize("name", sorted({*WRAPPERS} - {"SelectiveNegativeLoss"}))
@pytest.mark.parametrize("training", [False, True])
def test_a_wrapper_passes_on_the_weights(name, training, reduction):
    """Each wrapper multiplies the loss of an element by a factor, and the weight is applied once."""
    logits, labels, weight = batch()
    config = dict(SMALLEST[name], reduction=reduction)
    loss = build(dict(config, loss=Fractional())).train(training)
    prepare(loss)
    plain = build(dict(config, loss=Plain())).train(training)
    losses, of_plain = (each(logits, labels, reduction_override="none") for each in (loss, plain))
    torch.testing.assert_close(losses, of_plain * weight)
    prepare(loss)
    kept = elements_of(loss, logits, labels).weight
    prepare(loss)
    expected = by_hand(losses, kept.float(), reduction)
    assert loss(logits, labels).item() == pytest.approx(expected, rel=1e-4)
    if not training:
        torch.testing.assert_close(kept, weight)


@REDUCTIONS
def test_the_mask_is_multiplied_with_the_weights_of_the_wrapped_loss(reduction):
    logits, labels, weight = batch()
    loss = build(dict(type="PartialLabelMaskingLoss", loss=Fractional(), reduction=reduction))
    keep = elements_of(build(dict(type="PartialLabelMaskingLoss", loss=Plain())), logits, labels).weight
    assert (~keep).any()
    elements = elements_of(loss, logits, labels)
    torch.testing.assert_close(elements.weight, weight * keep)
    torch.testing.assert_close(elements.loss, logits**2)  # the outermost loss multiplies by the weights
    torch.testing.assert_close(elements.weighed(), logits**2 * weight * keep)
    prepare(loss)
    expected = by_hand(logits**2 * weight * keep, weight * keep, reduction)
    assert loss(logits, labels).item() == pytest.approx(expected, rel=1e-5)


def test_the_selection_is_multiplied_with_the_weights_of_the_wrapped_loss():
    logits, labels, weight = batch()
    arguments = dict(type="SelectiveNegativeLoss", likelihood_topk=0.5)
    unknown = [(n, c) for n in range(NUM_IMAGES) for c in range(NUM_CLASSES) if labels[n, c] == -1]
    keep = torch.ones_like(weight)
    for element in sorted(unknown, key=lambda element: -logits[element].item())[: NUM_IMAGES // 2]:
        keep[element] = 0
    elements = elements_of(build(dict(arguments, loss=Fractional())), logits, labels)
    torch.testing.assert_close(elements.weight, weight * keep)
    losses = build(dict(arguments, loss=Fractional()))(logits, labels, reduction_override="none")
    torch.testing.assert_close(losses, logits**2 * weight * keep)


def test_each_weight_of_a_composition_is_used_once():
    """The factor is the product of three loss weights, a class weight and the weight of the element."""
    logits, labels, weight = batch()
    wrapped = dict(
        type="ClassBalancedLoss", scheme="inverse", loss=Fractional(loss_weight=2.0), loss_weight=3.0
    )
    loss = build(dict(type="ClassPriorTrackingLoss", loss=wrapped, loss_weight=5.0))
    class_weight = 3 / torch.tensor([1.0, 2, 3]) / (1 + 1 / 2 + 1 / 3)  # counts 10, 20, 30
    expected = 30 * class_weight * weight * logits**2
    torch.testing.assert_close(loss(logits, labels, reduction_override="none"), expected)


def test_the_hardest_classes_are_ranked_by_weighted_losses():
    """A class with a large loss is not hard if the weights of its elements are small."""

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
        prepare(loss, 40, iteration=iteration)
        losses = loss(logits, torch.zeros(4, 40), reduction_override="none")
        assert (losses[:, -8:] > 0).all()  # the eight hardest
        active += bool((losses[:, 0] > 0).any())
    assert active < 10  # the probability is one in sixteen steps


def test_fractions_count_elements_of_weight_0():
    logits, labels, weight = batch()
    loss = build(dict(type="PartialLabelMaskingLoss", loss=Fractional(), initial_ideal_ratio="class"))
    loss(logits, labels)
    for kind, of_kind in (("ignored_fraction", labels == -1), ("masked_fraction", labels != -1)):
        expected = ((weight == 0) & of_kind).float().mean(dim=0)
        assert sum(expected) > 0
        torch.testing.assert_close(loss.element_counter.values()[kind].float(), expected)


def test_a_wrapper_calls_the_wrapped_loss_once():
    """A second call would gather statistics and use random numbers a second time."""
    calls = []

    class Asked(Plain):
        def gather(self, logits, labels, context):
            calls.append("gather")

        def elementwise_loss(self, logits, labels, context):
            calls.append("loss")
            return super().elementwise_loss(logits, labels, context)

    for name in WRAPPERS:
        calls.clear()
        loss = build(dict(SMALLEST[name], loss=Asked()))
        loss(*random_batch(), context=LossContext(sample_ids=torch.arange(6)))
        assert calls == ["gather", "loss"], name


def test_in_validation_the_weight_is_that_of_the_wrapped_loss():
    logits, labels, weight = batch()
    loss = PartialLabelMaskingLoss(Fractional()).eval()
    torch.testing.assert_close(loss(logits, labels, reduction_override="none"), logits**2 * weight)
