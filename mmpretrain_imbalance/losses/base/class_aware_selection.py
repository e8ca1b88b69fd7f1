"""Selection of unknown elements in Class-aware Selective Loss."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ...functional import missing_positives, selective_keep
from ...functional.losses.class_aware_selective_loss import check_topk
from ...utils.argument_checks import check_number
from .given_class_prior import given_class_prior
from .loss_state import LossState


class ClassAwareSelection(LossState):
    """Selection of the unknown elements that count as negatives, with an optional class prior.

    See :func:`selective_keep`. A loss calls this module for each batch.

    Args:
        likelihood_topk: Number of unknown elements to leave out per image of the batch; may be fractional.
            ``'auto'`` takes the estimate of :func:`missing_positives` from the label counts, and from the
            prior if the loss uses one.
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
    estimated_topk: Tensor

    def __init__(
        self,
        likelihood_topk: float | str = 1.0,
        topk_scope: str = "batch",
        prior_threshold: float | None = 0.05,
        class_prior: Sequence[float] | Mapping[str, float] | str | os.PathLike[str] | None = None,
        owner: str = "ClassAwareSelection",
    ) -> None:
        super().__init__()
        if isinstance(likelihood_topk, str) and likelihood_topk != "auto":
            raise ValueError(
                f"The 'likelihood_topk' argument of {owner} must be a number or 'auto'. Got "
                f"{likelihood_topk!r} instead."
            )
        check_topk(owner, 1 if isinstance(likelihood_topk, str) else likelihood_topk, topk_scope)
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
        # A Python number, because the number of elements to leave out is constant in the compiled graph. The
        # buffer is its copy in the checkpoint; NaN if it is not known yet.
        self._topk: float | None = None if isinstance(likelihood_topk, str) else likelihood_topk
        self._topk_was_loaded = False
        self._unknown_counts: Tensor | None = None
        if self._topk is None:
            self.register_buffer("estimated_topk", torch.tensor(math.nan, dtype=torch.float64))

    @property
    def needs(self) -> list[str]:
        """Inputs that the selection needs, see :class:`Traits`."""
        return ["label_counts"] if self.likelihood_topk == "auto" else []

    def set_unknown_counts(self, unknown: Tensor) -> None:
        self._unknown_counts = unknown

    def set_label_counts(
        self, positives: Tensor, negatives: Tensor, class_names: Sequence[str] | None = None
    ) -> None:
        if self.given_prior is not None:
            prior = given_class_prior(self.given_prior, len(positives), class_names, self.owner)
            self.class_prior = prior.to(self.class_prior.device)
        super().set_label_counts(positives, negatives, class_names)
        if self.likelihood_topk == "auto":
            self.estimated_topk.fill_(self._estimate_topk(positives, negatives))
            self._read_topk()

    def set_progress(self, epoch: int, max_epochs: int, iteration: int) -> None:
        super().set_progress(epoch, max_epochs, iteration)
        # After ``load_from``, the hook restores the buffers of this run, and the number must follow.
        if self._topk_was_loaded:
            self._read_topk()

    def _estimate_topk(self, positives: Tensor, negatives: Tensor) -> float:
        if self._unknown_counts is None:
            raise ValueError(
                f"The 'likelihood_topk' argument of {self.owner} must be a number, unless set_unknown_counts "
                "is called before set_label_counts, as LabelStatisticsHook does. Got 'auto' instead."
            )
        counts = [
            torch.as_tensor(values).cpu().numpy() for values in (positives, negatives, self._unknown_counts)
        ]
        prior = None if self.given_prior is None else self.class_prior.cpu().numpy()
        topk = missing_positives(counts[0], counts[1], counts[2], prior)
        return max(round(topk), 1) if self.topk_scope == "image" else topk

    def _read_topk(self) -> None:
        topk = float(self.estimated_topk)
        self._topk = None if math.isnan(topk) else topk
        self._topk_was_loaded = False

    def _load_from_state_dict(self, *args: Any) -> None:
        super()._load_from_state_dict(*args)
        if self.likelihood_topk == "auto":
            self._read_topk()
            self._topk_was_loaded = True

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
        if self._topk is None:
            raise RuntimeError(
                f"{self.owner} has not computed likelihood_topk='auto', because it does not know the label "
                "counts of the training set. Add dict(type='LabelStatisticsHook') to custom_hooks."
            )
        prior = self.class_prior if uses_prior else None
        return selective_keep(
            logits.detach(), labels, self._topk, self.topk_scope, prior, self.prior_threshold
        )
