"""Every law finds a loss that breaks it, and its message contains a remedy."""

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


class UndeclaredMask(Good):
    def elementwise_loss(self, logits, labels, context):
        return self.formula(logits, labels), known_labels(labels) & (logits.detach() < 0)


class WeightAboveOne(Good):
    def elementwise_loss(self, logits, labels, context):
        return self.formula(logits, labels), 2.0 * known_labels(labels)


class WrongUnknownTrait(Good):
    traits = Traits(unknown="negative", bounded=False)


class InPlace(Good):
    def formula(self, logits, labels):
        logits.data.clamp_(-1, 1)
        return super().formula(logits, labels)


class DependsOnOthers(Good):
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


class GlobalRandomMask(Good):
    traits = Traits(bounded=False, stochastic=True)

    def formula(self, logits, labels):
        return super().formula(logits, labels) * (torch.rand_like(logits) < 0.5)


class UndeclaredRandomMask(Good):
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


class IgnoredNeed(Good):
    traits = Traits(bounded=False, needs=("progress",))

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.provided_needs.add("progress")


class DependsOnLabelDtype(Good):
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
    (Negative, "finite_value_and_gradient", "Set Traits(non_negative=False)"),
    (UnknownCosts, "unknown_trait", "Return known_labels(labels) as the weight"),
    (UnknownCosts, "labels_of_one_kind", "Return known_labels(labels) as the weight"),
    (UndeclaredMask, "valid_weights", "Set Traits(masks_known=True)"),
    (WeightAboveOne, "valid_weights", "Multiply the loss by factors outside of [0, 1]"),
    (WrongUnknownTrait, "unknown_trait", "Set Traits(unknown='ignored')"),
    (InPlace, "unchanged_inputs", "Change no argument in place"),
    (DependsOnOthers, "elementwise_trait", "Set Traits(elementwise=False)"),
    (ByRow, "order_of_images", "must not depend on the order of the images"),
    (HardOnly, "soft_labels", "or set Traits(soft_labels_mix=False)"),
    (SinglePrecision, "double_precision", "Convert intermediate values to the dtype of the logits"),
    (Rows, "mmpretrain_signature", "Return one value per element"),
    (ForgetsItsArgument, "arguments_are_attributes", "Write self.strength = strength"),
    (OwnReduction, "default_reduction", "must be 'mean_images'. Got 'sum' instead"),
    (OwnForward, "mmpretrain_signature", "do not override forward() of ElementwiseLoss"),
    (OwnForward, "informative_errors", "do not override forward() of ElementwiseLoss"),
    (StoresWhatItGathers, "gathered_buffers_stay_out_of_checkpoints", "gathered=True"),
    (ForgetsItsState, "checkpoint_round_trip", "size mismatch for weight_of_all"),
    (KeepsALambda, "copies", "raises"),
    (BufferOfAChild, "model_casts", "Register buffers on the loss and not on a sub-module"),
    (GlobalRandomMask, "reproducible_randomness", "Get random numbers from self.random_table"),
    (UndeclaredRandomMask, "reproducible_randomness", "set Traits(stochastic=True)"),
    (ReadsBack, "no_host_reads", "Use torch.where and masks"),
    (ReadsBack, "one_compiled_graph", "Read no tensor in Python"),
    (CountsInPython, "one_compiled_graph", "keep values that change between steps in buffers"),
    (DependsOnLabelDtype, "label_dtypes", "labels of torch.float64 must return the same loss"),
    (MeanOfNothing, "empty_batch", "the loss of a batch without images must be 0"),
    (NoAverageFactor, "mmpretrain_heads", "avg_factor"),
    (TwiceInForward, "held_by_wrappers", "a wrapper that changes nothing must return the same loss"),
    (OwnForward, "wrong_values_raise_later", "a wrong label must raise in a later step"),
    (HalfPrecision, "autocast", "the loss must be float32 under autocast"),
    (IgnoredNeed, "missing_needs_raise", "without the needed 'progress' must raise an error"),
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
def test_a_broken_law_raises_with_its_remedy(loss, law, words):
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
        check_loss(dict(type="DependsOnOthers"), laws=["elementwise_trait", "soft_labels"])
    assert "soft_labels" not in str(found.value)
    with pytest.raises(LossLawError) as found:
        check_loss(dict(type="OwnForward"))
    assert len(str(found.value).split("\n")) > 2


def test_an_expected_failure_raises_once_the_law_holds():
    reason = {"elementwise_trait": "it depends on others"}
    check_loss(dict(type="DependsOnOthers"), expected_failures=reason, laws=list(reason))
    with pytest.raises(LossLawError, match=r"obeys this law, .* 'it depends on others'. Remove the law"):
        check_loss(dict(type="Good"), expected_failures=reason, laws=list(reason))


def test_an_unknown_law_raises():
    with pytest.raises(KeyError, match=r"must be among finite_value_and_gradient, .* Got 'finite' instead"):
        check_loss(dict(type="Good"), laws=["finite"])


def test_too_few_classes_raise():
    with pytest.raises(ValueError, match=r"'num_classes' argument of check_loss must be an integer of at "):
        check_loss(dict(type="Good"), num_classes=2)


def test_a_loss_of_mmpretrain_raises_with_the_remedy():
    with pytest.raises(LossLawError, match="To check a loss of MMPretrain, put it inside a wrapper"):
        check_loss(dict(type="FocalLoss"), laws=["soft_labels"])
