"""Class-aware Selective Loss (CSL)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from mmpretrain.registry import MODELS
from torch import Tensor

from ..functional import LossContext
from .base.class_aware_selection import ClassAwareSelection
from .base.elementwise_loss import Elements
from .base.traits import Traits
from .partial_asymmetric_loss import PartialAsymmetricLoss


@MODELS.register_module()
class ClassAwareSelectiveLoss(PartialAsymmetricLoss):
    r"""P-ASL over the known elements and over the unknown elements that are likely negative.

    Unknown elements are left out of the loss if their class is frequent (``class_prior`` above
    ``prior_threshold``), or if they are among those of highest probability in the batch
    (``likelihood_topk``). The other unknown elements count as negatives with their own parameters. The
    selection is :func:`selective_keep`, the loss is
    :func:`partial_asymmetric_loss`. To combine the selection with another
    loss, use :class:`SelectiveNegativeLoss`.

    Source: Ben-Baruch et al., CVPR 2022 (arXiv 2110.10955). The authors sum over all elements,
    ``reduction='sum'``. In our experiments, mAP was 4 to 9 points lower if ``likelihood_topk`` was far from
    the expected number of unannotated positives per image.

    Args:
        gamma_pos: Focusing exponent of positives.
        gamma_neg: Focusing exponent of negatives.
        gamma_unknown: Focusing exponent of unknown elements; usually the largest.
        likelihood_topk: Number of unknown elements to leave out per image of the batch; may be fractional.
            ``'auto'`` takes the estimate of :func:`missing_positives` from the label counts, and from the
            prior if the loss uses one.
        topk_scope: ``'batch'`` ranks the whole batch, ``'image'`` each image.
        prior_threshold: Unknown labels of classes with a larger prior are left out; 0 or ``None`` disables
            the prior.
        class_prior: P(positive) of each class: ``None``, a list in the order of the classes, or a ``.json`` /
            ``.csv`` file matched by class name, such as the ``class_prior.json`` that a run in ``ignore``
            mode writes to its ``work_dir``.
        **kwargs: ``alpha_pos``, ``alpha_neg``, ``alpha_unknown``, ``clip``, ``detach_focus``,
            ``eps``, ``reduction``, ``loss_weight`` and ``validate`` of :class:`PartialAsymmetricLoss`.

    Raises:
        ValueError: If an argument is out of range, or the prior lacks a class.
        FileNotFoundError: If the prior file does not exist.

    Example:
        >>> import torch
        >>> loss = ClassAwareSelectiveLoss(likelihood_topk=1)
        >>> loss(torch.tensor([[0.0, 2.0, -2.0]]), torch.tensor([[1, -1, -1]]))
        tensor(0.6932)
    """

    def __init__(
        self,
        gamma_pos: float = 0.0,
        gamma_neg: float = 1.0,
        gamma_unknown: float = 4.0,
        likelihood_topk: float | str = 1.0,
        topk_scope: str = "batch",
        prior_threshold: float | None = 0.05,
        class_prior: Sequence[float] | str | os.PathLike[str] | None = None,
        **kwargs: Any,
    ) -> None:
        if "unknown" in kwargs:
            raise TypeError(
                "ClassAwareSelectiveLoss has no 'unknown' argument, because it selects among unknown "
                "elements. Use PartialAsymmetricLoss to treat all unknown elements alike."
            )
        kwargs.setdefault("eps", 1e-8)
        super().__init__(gamma_pos, gamma_neg, gamma_unknown, unknown="negative", **kwargs)
        name = type(self).__name__
        self.selection = ClassAwareSelection(likelihood_topk, topk_scope, prior_threshold, class_prior, name)

    @property
    def traits(self) -> Traits:
        """Unknown elements are ranked within the batch or the image; an estimated number needs counts."""
        return super().traits.also(needs=self.selection.needs, unknown="learned", elementwise=False)

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Elements:
        return Elements(self._formula(logits, labels), self.selection(logits, labels))
