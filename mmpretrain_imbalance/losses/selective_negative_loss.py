"""Class-aware selection around any element loss."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..functional import NEGATIVE, UNKNOWN, LossContext
from .base.class_aware_selection import ClassAwareSelection
from .base.elementwise_loss import Elements, ElementwiseLoss
from .base.traits import Traits
from .base.wrapper_loss import WrapperLoss


@MODELS.register_module()
class SelectiveNegativeLoss(WrapperLoss):
    r"""Takes the unknown elements that look negative for negatives, and leaves the others out.

    The choice is that of Class-aware Selective Loss,
    :func:`~mmpretrain_imbalance.functional.selective_keep`; the held loss may be any.
    :class:`ClassAwareSelectiveLoss` is the published pair of this choice and P-ASL, where the chosen elements
    have a focus of their own.

    Source of the choice: Ben-Baruch et al., CVPR 2022 (arXiv 2110.10955). With other losses than P-ASL it is
    this project's, and no source says how well it does.

    Args:
        loss: The held loss.
        likelihood_topk: Unknown elements left out for each image of the batch; fractions are fine.
        topk_scope: ``'batch'`` ranks the whole batch, ``'image'`` each image.
        prior_threshold: Unknown labels of classes with a larger prior are left out; 0 or ``None`` for no
            prior.
        class_prior: P(positive) of each class: ``None``, a list in the order of the classes, or a ``.json`` /
            ``.csv`` file matched by class name.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`WrapperLoss`.

    Raises:
        ValueError: If an argument is out of range, the prior lacks a class, or the held loss has a use of
            its own for unknown labels.
        FileNotFoundError: If the prior file does not exist.

    Example:
        >>> import torch
        >>> loss = SelectiveNegativeLoss(dict(type='HillLoss'), likelihood_topk=1)
        >>> logits, labels = torch.tensor([[0.0, 2.0, -2.0]]), torch.tensor([[1, -1, -1]])
        >>> loss(logits, labels, reduction_override='none') > 0  # the likelier unknown element is left out
        tensor([[ True, False,  True]])
    """

    changes_labels = True

    def __init__(
        self,
        loss: dict | nn.Module,
        likelihood_topk: float = 1.0,
        topk_scope: str = "batch",
        prior_threshold: float | None = 0.05,
        class_prior: Sequence[float] | str | os.PathLike | None = None,
        **kwargs,
    ) -> None:
        super().__init__(loss, **kwargs)
        name = type(self).__name__
        for inner in self.loss.modules():
            if isinstance(inner, ElementwiseLoss) and inner.traits.unknown == "learned":
                raise ValueError(
                    f"The 'loss' argument of {name} must not hold a {type(inner).__name__}: it treats "
                    "unknown labels in its own way, and none would reach it as unknown. Use it alone."
                )
        self.selection = ClassAwareSelection(likelihood_topk, topk_scope, prior_threshold, class_prior, name)

    @property
    def traits(self) -> Traits:
        """Unknown elements are ranked within the batch or the image."""
        return self.loss.traits.also(unknown="learned", elementwise=False)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Elements:
        keep = self.selection(logits, labels)
        held = self.loss.elements(logits, labels.masked_fill(keep & (labels == UNKNOWN), NEGATIVE), context)
        if held.labels is not None:
            # A chosen negative is no pseudo-label; only what the held loss made of it may be one.
            untouched = (labels == UNKNOWN) & (held.labels == NEGATIVE)
            held = held._replace(labels=held.labels.masked_fill(untouched, UNKNOWN))
        # A loss that takes unknown labels for negatives would cost something at those left out.
        return held.where(keep)
