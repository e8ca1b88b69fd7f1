"""A loss that breaks a law is told so, in words that say what to write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from mmpretrain_imbalance.functional import known_labels
from mmpretrain_imbalance.losses import ElementwiseLoss, Traits
from mmpretrain_imbalance.testing import LOSS_LAWS, LossLawError, check_loss


class Good(ElementwiseLoss):
    """Binary cross-entropy over known labels."""

    traits = Traits(bounded=False)

    def __init__(self, scale: float = 1.0, **kwargs) -> None:
        super().__init__(**kwargs)
        self.scale = scale

    def formula(self, logits: Tensor, labels: Tensor) -> Tensor:
        target = labels.clamp(min=0).to(logits.dtype)
        return nn.functional.binary_cross_entropy_with_logits(self.scale * logits, target, reduction="none")

    def elementwise_loss(self, logits, labels, context):
        return self.formula(logits, labels), known_labels(labels)


class NotFinite(Good):
    def formula(self, logits, labels):
        p = torch.sigmoid(logits)
        return torch.where(labels == 1, -torch.log(p), -torch.log(1 - p))


class Detached(Good):
    def formula(self, logits, labels):
        return super().formula(logits, labels).detach() + 0 * logits


class Negative(Good):
    def formula(self, logits, labels):
        return -super().formula(logits, labels)


class UnknownCosts(Good):
    def elementwise_loss(self, logits, labels, context):
        return self.formula(logits, labels)


class MasksInSilence(Good):
    def elementwise_loss(self, logits, labels, context):
        return self.formula(logits, labels), known_labels(labels) & (logits.detach() < 0)


class WeighsByMore(Good):
    def elementwise_loss(self, logits, labels, context):
        return self.formula(logits, labels), 2.0 * known_labels(labels)


class SaysNegative(Good):
    traits = Traits(unknown="negative", bounded=False)


class InPlace(Good):
    def formula(self, logits, labels):
        logits.data.clamp_(-1, 1)
        return super().formula(logits, labels)


class LooksAtOthers(Good):
    def formula(self, logits, labels):
        return super().formula(logits, labels) * (1 + logits.detach().abs().mean(dim=1, keepdim=True))


class ByRow(Good):
    def formula(self, logits, labels):
        rows = torch.arange(1, len(logits) + 1, dtype=logits.dtype)
        return super().formula(logits, labels) * rows[:, None]


class HardOnly(Good):
    def formula(self, logits, labels):
        return super().formula(logits, (labels >= 0.5).float())


class SinglePrecision(Good):
    def formula(self, logits, labels):
        return super().formula(logits.float(), labels)


class Rows(Good):
    def elementwise_loss(self, logits, labels, context):
        return self.formula(logits, labels).sum(dim=1, keepdim=True)


class ForgetsItsArgument(Good):
    def __init__(self, strength: float = 1.0, **kwargs) -> None:
        super().__init__(**kwargs)


class OwnReduction(Good):
    def __init__(self, reduction: str = "sum", **kwargs) -> None:
        super().__init__(reduction=reduction, **kwargs)


class OwnForward(Good):
    def forward(self, pred, target, weight=None, avg_factor=None, reduction_override=None, context=None):
        loss = self.formula(pred.float(), target) * known_labels(target)
        return loss if reduction_override == "none" else loss.sum() / (avg_factor or len(loss) or 1)


class StoresWhatItGathers(Good):
    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.register_buffer("seen", torch.zeros(()))
        self._gathered.append("seen")


class ForgetsItsState(Good):
    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.register_buffer("weight_of_all", torch.zeros(0))

    def set_label_counts(self, positives, negatives, class_names=None):
        super().set_label_counts(positives, negatives, class_names)
        self.weight_of_all = torch.ones(len(positives))


class KeepsALambda(Good):
    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.factor = lambda: 1.0


class BufferOfAChild(Good):
    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.child = nn.BatchNorm1d(1)


class GlobalDraw(Good):
    traits = Traits(bounded=False, stochastic=True)

    def formula(self, logits, labels):
        return super().formula(logits, labels) * (torch.rand_like(logits) < 0.5)


class SilentDraw(Good):
    def formula(self, logits, labels):
        keep = self.random_table(*logits.shape) < 0
        return super().formula(logits, labels) * (keep if self.training else 1)


class ReadsBack(Good):
    def formula(self, logits, labels):
        loss = super().formula(logits, labels)
        return loss if (labels == 1).any() else 1 * loss


class CountsInPython(Good):
    steps = 0

    def formula(self, logits, labels):
        self.steps += 1
        return super().formula(logits, labels) * (1 if self.steps < 100 else 2)


class UntoldNeed(Good):
    traits = Traits(bounded=False, needs=("progress",))

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.told.add("progress")


class LooksAtTheType(Good):
    def formula(self, logits, labels):
        return super().formula(logits, labels) * (2 if labels.dtype == torch.float64 else 1)


class MeanOfNothing(Good):
    def forward(self, pred, target, **kwargs):
        return super().forward(pred, target, **kwargs) + 0 * pred.detach().mean()


class NoAverageFactor(Good):
    def forward(self, pred, target, context=None, reduction_override=None):
        return super().forward(pred, target, context=context, reduction_override=reduction_override)


class TwiceInForward(Good):
    def forward(self, pred, target, **kwargs):
        return 2 * super().forward(pred, target, **kwargs)


class HalfPrecision(Good):
    def forward(self, pred, target, **kwargs):
        return super().forward(pred, target, **kwargs).to(pred.dtype)


BROKEN = [
    (NotFinite, "extreme_logits", "Write the formula with softplus"),
    (Detached, "finite_value_and_gradient", "Do not detach the logits"),
    (Negative, "finite_value_and_gradient", "Write Traits(non_negative=False)"),
    (UnknownCosts, "unknown_as_the_traits_say", "Return known_labels(labels) as the weight"),
    (UnknownCosts, "labels_of_one_kind", "Return known_labels(labels) as the weight"),
    (MasksInSilence, "weights_as_the_traits_say", "Write Traits(masks_known=True)"),
    (WeighsByMore, "weights_as_the_traits_say", "Multiply the loss by other factors"),
    (SaysNegative, "unknown_as_the_traits_say", "Write Traits(unknown='ignored')"),
    (InPlace, "inputs_left_alone", "Change no argument in place"),
    (LooksAtOthers, "elements_by_themselves", "Write Traits(elementwise=False)"),
    (ByRow, "order_of_samples", "the order of the images must not matter"),
    (HardOnly, "soft_labels", "or write Traits(soft_labels_mix=False)"),
    (SinglePrecision, "double_precision", "Cast to the dtype of the logits"),
    (Rows, "signature_of_the_host", "Return one value per element"),
    (ForgetsItsArgument, "arguments_are_attributes", "Write self.strength = strength"),
    (OwnReduction, "default_reduction", "must be 'mean_images'. Got 'sum' instead"),
    (OwnForward, "signature_of_the_host", "Leave forward() to ElementwiseLoss"),
    (OwnForward, "mistakes_are_named", "Leave forward() to ElementwiseLoss"),
    (StoresWhatItGathers, "gathered_buffers_stay_out_of_checkpoints", "gathered=True"),
    (ForgetsItsState, "checkpoint_round_trip", "size mismatch for weight_of_all"),
    (KeepsALambda, "copies", "raises"),
    (BufferOfAChild, "casts_of_the_model", "Register buffers on the loss itself"),
    (GlobalDraw, "draws_of_an_iteration", "Draw with self.random_table"),
    (SilentDraw, "draws_of_an_iteration", "Write Traits(stochastic=True)"),
    (ReadsBack, "nothing_is_read_back", "Write torch.where and masks"),
    (ReadsBack, "one_compiled_graph", "Read no tensor in Python"),
    (CountsInPython, "one_compiled_graph", "keep what changes between steps in buffers"),
    (LooksAtTheType, "types_of_labels", "labels of torch.float64 must give the same loss"),
    (MeanOfNothing, "empty_batch", "a batch without images must cost 0"),
    (NoAverageFactor, "heads_of_the_host", "avg_factor"),
    (TwiceInForward, "held_by_wrappers", "a wrapper that changes nothing must give the same loss"),
    (OwnForward, "wrong_values_raise_later", "a wrong label must raise in a later step"),
    (HalfPrecision, "autocast", "the loss must be float32 under autocast"),
    (UntoldNeed, "needs_are_asked_for", "must ask for it"),
]


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    classes = {member.__name__: member for member in globals().values() if isinstance(member, type)}
    ours = {name: member for name, member in classes.items() if member.__module__ == __name__}
    for member in ours.values():
        MODELS.register_module(module=member)
    yield
    for name in ours:
        MODELS.module_dict.pop(name)


@pytest.mark.parametrize(
    ("loss", "law", "words"), BROKEN, ids=lambda value: getattr(value, "__name__", value)
)
def test_a_broken_law_is_named_with_its_remedy(loss, law, words):
    with pytest.raises(LossLawError) as found:
        check_loss(dict(type=loss.__name__), laws=[law])
    assert f"{law}: {loss.__name__}" in str(found.value)
    assert words in str(found.value)


def test_a_good_loss_obeys_all():
    check_loss(dict(type="Good"))


def test_every_law_can_fail():
    assert {law for _, law, _ in BROKEN} == set(LOSS_LAWS)


def test_all_broken_laws_are_listed_at_once():
    with pytest.raises(LossLawError) as found:
        check_loss(dict(type="LooksAtOthers"), laws=["elements_by_themselves", "soft_labels"])
    assert "soft_labels" not in str(found.value)
    with pytest.raises(LossLawError) as found:
        check_loss(dict(type="OwnForward"))
    assert len(str(found.value).split("\n")) > 2


def test_an_expected_failure_is_none_until_it_holds():
    reason = {"elements_by_themselves": "it looks at others"}
    check_loss(dict(type="LooksAtOthers"), expected_failures=reason, laws=list(reason))
    with pytest.raises(LossLawError, match=r"obeys this law, .*: it looks at others. Take the reason out"):
        check_loss(dict(type="Good"), expected_failures=reason, laws=list(reason))


def test_a_law_that_is_none_is_refused():
    with pytest.raises(KeyError, match="There is no law 'finite'; the laws are finite_value_and_gradient"):
        check_loss(dict(type="Good"), laws=["finite"])


def test_too_few_classes_are_refused():
    with pytest.raises(ValueError, match=r"'num_classes' argument of check_loss must be an integer of at "):
        check_loss(dict(type="Good"), num_classes=2)


def test_a_loss_of_mmpretrain_is_refused_with_the_remedy():
    with pytest.raises(LossLawError, match="is checked inside of a wrapper"):
        check_loss(dict(type="FocalLoss"), laws=["soft_labels"])
