"""Selection of unknown elements in Class-aware Selective Loss."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from torch import Tensor

from ...functional import selective_keep
from ...functional.losses.class_aware_selective_loss import check_topk
from ...utils.argument_checks import check_number
from .given_class_prior import given_class_prior
from .loss_state import LossState


class ClassAwareSelection(LossState):
    """Selection of the unknown elements that count as negatives, with an optional class prior.

    See :func:`selective_keep`. A loss calls this module for each batch.

    Args:
        likelihood_topk: Number of unknown elements to leave out per image of the batch; may be fractional.
        topk_scope: ``'batch'`` ranks the whole batch, ``'image'`` each image.
        prior_threshold: Unknown labels of classes with a larger prior are left out; 0 or ``None`` disables
            the prior.
        class_prior: P(positive) of each class: ``None``, a list in the order of the classes, or a ``.json`` /
            ``.csv`` file matched by class name.
        owner: Name of the loss with these arguments, for error messages.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> import torch
        >>> selection = ClassAwareSelection(likelihood_topk=1)
        >>> selection(torch.tensor([[0.0, 2.0, -2.0]]), torch.tensor([[1, -1, -1]]))
        tensor([[ True, False,  True]])
    """

    class_prior: Tensor

    def __init__(
        self,
        likelihood_topk: float = 1.0,
        topk_scope: str = "batch",
        prior_threshold: float | None = 0.05,
        class_prior: Sequence[float] | Mapping[str, float] | str | os.PathLike[str] | None = None,
        owner: str = "ClassAwareSelection",
    ) -> None:
        super().__init__()
        check_topk(owner, likelihood_topk, topk_scope)
        if prior_threshold is not None:
            check_number(owner, 0, 1, prior_threshold=prior_threshold)
        self.likelihood_topk = likelihood_topk
        self.topk_scope = topk_scope
        self.prior_threshold = prior_threshold
        self.owner = owner
        self.given_prior = class_prior if prior_threshold else None
        by_name = isinstance(self.given_prior, (str, os.PathLike, Mapping))
        # A file may be overwritten before a run is resumed, so the checkpoint keeps its values. A list is
        # part of the config, and must not be replaced by the prior of the run that loaded weights come from.
        self.register_class_buffer("class_prior", persistent=by_name)
        if not (self.given_prior is None or isinstance(self.given_prior, (str, os.PathLike, Mapping))):
            self.class_prior = given_class_prior(self.given_prior, len(self.given_prior), None, owner)

    def set_label_counts(
        self, positives: Tensor, negatives: Tensor, class_names: Sequence[str] | None = None
    ) -> None:
        if self.given_prior is not None:
            prior = given_class_prior(self.given_prior, len(positives), class_names, self.owner)
            self.class_prior = prior.to(self.class_prior.device)
        super().set_label_counts(positives, negatives, class_names)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Select the elements that take part: known elements, and unknown elements that count as negatives.

        Args:
            logits: Scores before the sigmoid, of shape (N, C).
            labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).

        Returns:
            Bool, of shape (N, C).
        """
        uses_prior = self.given_prior is not None
        if uses_prior and not len(self.class_prior):
            raise RuntimeError(
                f"{self.owner} has not read its class prior {str(self.given_prior)!r}, because it does not "
                "know the class names. Add dict(type='LabelStatisticsHook') to custom_hooks, or give the "
                "prior as a list."
            )
        prior = self.class_prior if uses_prior else None
        return selective_keep(
            logits.detach(), labels, self.likelihood_topk, self.topk_scope, prior, self.prior_threshold
        )
