"""Class-aware selection of unknown elements, a wrapper for any elementwise loss."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..functional import NEGATIVE, UNKNOWN, LossContext
from .base.class_aware_selection import ClassAwareSelection
from .base.elementwise_loss import Elements, ElementwiseLoss
from .base.traits import Traits
from .base.wrapper_loss import WrapperLoss


@MODELS.register_module()
class SelectiveNegativeLoss(WrapperLoss):
    r"""Treats unknown elements that are likely negative as negatives, and leaves out the others.

    The selection is that of Class-aware Selective Loss, see
    :func:`selective_keep`. :class:`ClassAwareSelectiveLoss` is the published
    combination of this selection with P-ASL, which has a separate focusing exponent for the selected
    elements.

    Source of the selection: Ben-Baruch et al., CVPR 2022 (arXiv 2110.10955). The combination with other
    losses than P-ASL is from this project, without published results.

    Args:
        loss: The wrapped loss.
        likelihood_topk: Number of unknown elements to leave out per image of the batch; may be fractional.
            ``'auto'`` takes the estimate of :func:`missing_positives` from the label counts, and from the
            prior if the loss uses one.
        topk_scope: ``'batch'`` ranks the whole batch, ``'image'`` each image.
        prior_threshold: Unknown labels of classes with a larger prior are left out; 0 or ``None`` disables
            the prior.
        class_prior: P(positive) of each class: ``None``, a list in the order of the classes, or a ``.json`` /
            ``.csv`` file matched by class name.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`WrapperLoss`.

    Raises:
        ValueError: If an argument is out of range, the prior lacks a class, or the wrapped loss uses unknown
            labels in a method-specific way.
        FileNotFoundError: If the prior file does not exist.

    Example:
        >>> import torch
        >>> loss = SelectiveNegativeLoss(dict(type='HillLoss'), likelihood_topk=1)
        >>> logits, labels = torch.tensor([[0.0, 2.0, -2.0]]), torch.tensor([[1, -1, -1]])
        >>> loss(logits, labels, reduction_override='none') > 0  # the unknown element of logit 2 is left out
        tensor([[ True, False,  True]])
    """

    changes_labels = True

    def __init__(
        self,
        loss: dict[str, Any] | nn.Module,
        likelihood_topk: float | str = 1.0,
        topk_scope: str = "batch",
        prior_threshold: float | None = 0.05,
        class_prior: Sequence[float] | str | os.PathLike[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(loss, **kwargs)
        name = type(self).__name__
        for inner in self.loss.modules():
            if isinstance(inner, ElementwiseLoss) and inner.traits.unknown == "learned":
                raise ValueError(
                    f"The 'loss' argument of {name} must not contain a {type(inner).__name__}, because that "
                    f"loss uses unknown labels, and {name} would pass none on. Use it without {name}."
                )
        self.selection = ClassAwareSelection(likelihood_topk, topk_scope, prior_threshold, class_prior, name)

    @property
    def traits(self) -> Traits:
        """Unknown elements are ranked within the batch or the image; an estimated number needs counts."""
        return self.loss.traits.also(needs=self.selection.needs, unknown="learned", elementwise=False)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Elements:
        keep = self.selection(logits, labels)
        wrapped = self.loss.elements(
            logits, labels.masked_fill(keep & (labels == UNKNOWN), NEGATIVE), context
        )
        if wrapped.labels is not None:
            # A selected negative is not a pseudo-label, unless the wrapped loss changed its label.
            unchanged = (labels == UNKNOWN) & (wrapped.labels == NEGATIVE)
            wrapped = wrapped._replace(labels=wrapped.labels.masked_fill(unchanged, UNKNOWN))
        # A wrapped loss that treats unknown labels as negatives is not 0 at the elements that are left out.
        return wrapped.where(keep)
