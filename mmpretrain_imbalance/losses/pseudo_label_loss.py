"""Pseudo-labels at unknown elements."""

from __future__ import annotations

import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..functional import LossContext, pseudo_labels, ramp_up
from ..utils.argument_checks import check_choice, check_number
from .base.elementwise_loss import Elements
from .base.traits import Traits
from .base.wrapper_loss import WrapperLoss


@MODELS.register_module()
class PseudoLabelLoss(WrapperLoss):
    r"""Gives the held loss the model's own answer where a label is unknown and the model is sure.

    After ``warmup_epochs``, an unknown element counts as positive where :math:`p` is above
    ``positive_threshold``, as negative where it is below ``negative_threshold``, with the weight ``weight``
    ramped up over ``ramp_epochs``; in between it stays unknown. Known elements never change. See
    :func:`~mmpretrain_imbalance.functional.pseudo_labels`.

    Source: the idea is Zhang et al., 2023 (arXiv 2308.00166), of which only the abstract was at hand; the
    design is this project's.

    Args:
        loss: The held loss; it should leave unknown elements out or treat them on purpose.
        positive_threshold: Probability above which an unknown element becomes positive.
        negative_threshold: Probability below which it becomes negative.
        warmup_epochs: Epochs without pseudo-labels.
        ramp_epochs: Epochs over which their weight grows to ``weight``.
        weight: Weight of an element with a pseudo-label.
        hard: Whether the labels are 1 and 0, or the probabilities.
        predictions: Whose p: ``'model'``, or ``'averaged_model'`` for the one that ``EMAHook`` keeps, with
            ``AveragedPredictionsHook`` beside it and one more forward pass a step.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`WrapperLoss`.

    Raises:
        ValueError: If the thresholds are no probabilities, or cross.

    Example:
        >>> loss = PseudoLabelLoss(dict(type='PartialAsymmetricLoss', unknown='ignore'), warmup_epochs=0)
        >>> loss(torch.tensor([[5.0, 0.0]]), torch.tensor([[-1, -1]]))  # sure of the first, not of the second
        tensor(0.0067)
    """

    changes_labels = True

    def __init__(
        self,
        loss: dict | nn.Module,
        positive_threshold: float = 0.9,
        negative_threshold: float = 0.1,
        warmup_epochs: int = 5,
        ramp_epochs: int = 0,
        weight: float = 1.0,
        hard: bool = True,
        predictions: str = "model",
        **kwargs,
    ) -> None:
        super().__init__(loss, **kwargs)
        if not 0 <= negative_threshold <= positive_threshold <= 1:
            raise ValueError(
                "The 'negative_threshold' and 'positive_threshold' arguments of PseudoLabelLoss must be "
                f"probabilities, the first not above the second. Got {negative_threshold} and "
                f"{positive_threshold} instead."
            )
        name = type(self).__name__
        check_number(name, 0, weight=weight, warmup_epochs=warmup_epochs, ramp_epochs=ramp_epochs)
        check_choice(name, ("model", "averaged_model"), predictions=predictions)
        self.positive_threshold = positive_threshold
        self.negative_threshold = negative_threshold
        self.warmup_epochs = warmup_epochs
        self.ramp_epochs = ramp_epochs
        self.weight = weight
        self.hard = hard
        self.predictions = predictions
        #: What ``AveragedPredictionsHook`` gives before each step, of shape (N, C).
        self.averaged_logits: Tensor | None = None

    @property
    def traits(self) -> Traits:
        """Until there are pseudo-labels, unknown elements are what they are to the held loss."""
        held = self.loss.traits
        needs = {
            "progress": self.warmup_epochs > 0 or self.ramp_epochs > 1,
            "averaged_predictions": self.predictions == "averaged_model",
            "known_negatives": held.unknown == "ignored",
        }
        return held.also(needs=[need for need, is_needed in needs.items() if is_needed], unknown="learned")

    def thresholds(self) -> tuple[float | Tensor, float | Tensor]:
        """Probabilities above and below which pseudo-labels are made: a number, or of shape (C,)."""
        return self.positive_threshold, self.negative_threshold

    def predicted_logits(self, logits: Tensor) -> Tensor:
        """Scores that pseudo-labels are made of, without gradient, of shape (N, C)."""
        if self.predictions == "model":
            return logits.detach()
        if self.averaged_logits is None:
            raise RuntimeError(
                f"{type(self).__name__}(predictions='averaged_model') has no predictions of the averaged "
                "model. Add dict(type='EMAHook') and dict(type='AveragedPredictionsHook') to custom_hooks."
            )
        return self.averaged_logits.to(logits.dtype)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Elements:
        if not self.training:
            return self.loss.elements(logits, labels, context)
        weight = self.weight * ramp_up(self.epoch.to(logits.dtype), self.warmup_epochs, self.ramp_epochs)
        probabilities = torch.sigmoid(self.predicted_logits(logits))
        self.averaged_logits = None
        filled = pseudo_labels(probabilities, labels, *self.thresholds(), self.hard)
        changed = (filled != labels) & (weight > 0)
        learned = torch.where(changed, filled, labels)
        held = self.loss.elements(logits, learned, context)
        loss = torch.where(changed, weight * held.loss, held.loss)
        # The held loss may have corrected more labels.
        return held._replace(loss=loss, labels=learned if held.labels is None else held.labels)
