"""Pseudo-labels at unknown elements."""

from __future__ import annotations

from typing import Any

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
    r"""Replaces unknown labels by confident predictions of the model before the wrapped loss is computed.

    After ``warmup_epochs``, an unknown element becomes positive if :math:`p` is above ``positive_threshold``,
    and negative if :math:`p` is below ``negative_threshold``; otherwise it stays unknown. The weight of
    pseudo-labels grows to ``weight`` over ``ramp_epochs``. Known elements do not change. See
    :func:`pseudo_labels`.

    Source: this project, after an idea of Zhang et al., 2023 (arXiv 2308.00166); only the abstract of that
    paper was available.

    Args:
        loss: The wrapped loss; it should leave out unknown elements or treat them deliberately.
        positive_threshold: Probability above which an unknown element becomes positive.
        negative_threshold: Probability below which an unknown element becomes negative.
        warmup_epochs: Number of epochs without pseudo-labels.
        ramp_epochs: Number of epochs over which the weight of pseudo-labels grows to ``weight``.
        weight: Weight of an element with a pseudo-label.
        hard: Whether pseudo-labels are 1 and 0; otherwise they are the probabilities.
        predictions: Source of p: ``'model'``, or ``'averaged_model'`` for the averaged model of ``EMAHook``.
            The averaged model requires ``AveragedPredictionsHook`` and one more forward pass per step.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`WrapperLoss`.

    Raises:
        ValueError: If the thresholds are not probabilities in increasing order, or another argument is out of
            range.

    Example:
        >>> loss = PseudoLabelLoss(dict(type='PartialAsymmetricLoss', unknown='ignore'), warmup_epochs=0)
        >>> loss(torch.tensor([[5.0, 0.0]]), torch.tensor([[-1, -1]]))  # only the first gets a pseudo-label
        tensor(0.0067)
    """

    changes_labels = True

    def __init__(
        self,
        loss: dict[str, Any] | nn.Module,
        positive_threshold: float = 0.9,
        negative_threshold: float = 0.1,
        warmup_epochs: int = 5,
        ramp_epochs: int = 0,
        weight: float = 1.0,
        hard: bool = True,
        predictions: str = "model",
        **kwargs: Any,
    ) -> None:
        super().__init__(loss, **kwargs)
        if not 0 <= negative_threshold <= positive_threshold <= 1:
            raise ValueError(
                "The 'negative_threshold' and 'positive_threshold' arguments of PseudoLabelLoss must be "
                f"probabilities in increasing order. Got {negative_threshold} and {positive_threshold} "
                "instead."
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
        #: Logits of the averaged model, of shape (N, C); ``AveragedPredictionsHook`` sets them in each step.
        self.averaged_logits: Tensor | None = None

    @property
    def traits(self) -> Traits:
        """A wrapped loss that ignores unknown labels needs known negatives until there are pseudo-labels."""
        wrapped = self.loss.traits
        needs = {
            "progress": self.warmup_epochs > 0 or self.ramp_epochs > 1,
            "averaged_predictions": self.predictions == "averaged_model",
            "known_negatives": wrapped.unknown == "ignored",
        }
        return wrapped.also(needs=[need for need, is_needed in needs.items() if is_needed], unknown="learned")

    def thresholds(self) -> tuple[float | Tensor, float | Tensor]:
        """Return the positive and the negative threshold, each a number or of shape (C,)."""
        return self.positive_threshold, self.negative_threshold

    def predicted_logits(self, logits: Tensor) -> Tensor:
        """Return the scores from which pseudo-labels are made, without gradient, of shape (N, C)."""
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
        wrapped = self.loss.elements(logits, learned, context)
        loss = torch.where(changed, weight * wrapped.loss, wrapped.loss)
        # The wrapped loss may have changed more labels.
        return wrapped._replace(loss=loss, labels=learned if wrapped.labels is None else wrapped.labels)
