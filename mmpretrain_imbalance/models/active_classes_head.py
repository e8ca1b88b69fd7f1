"""Linear multi-label head that computes the logits of a subset of the classes in training."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import Tensor

from mmpretrain_imbalance.functional.active_classes import active_class_weights
from mmpretrain_imbalance.functional.boost_lu import boost_lu
from mmpretrain_imbalance.functional.linear_schedule import linear_schedule
from mmpretrain_imbalance.functional.losses.loss_context import LossContext
from mmpretrain_imbalance.models.active_classes_loss import check_loss_of_active_classes
from mmpretrain_imbalance.models.class_hardness import ClassHardness
from mmpretrain_imbalance.models.loss_context_mixin import sample_ids_of, stack_labels
from mmpretrain_imbalance.models.partial_label_linear_head import PartialLabelLinearClsHead
from mmpretrain_imbalance.utils.argument_checks import check_number


@MODELS.register_module()
class ActiveClassesLinearClsHead(PartialLabelLinearClsHead):
    r"""A :class:`PartialLabelLinearClsHead` that trains on a subset of many classes in each step.

    A step has :math:`\lceil a C \rceil` active classes (a = ``active_fraction``). The first are the classes
    with a known positive in the batch. The others are added: at least a quarter of
    :math:`\lceil a C \rceil`, even if the total then exceeds that number, because very few random classes
    would have very large weights. A fraction ``hard_fraction`` of the added classes are the hardest ones; the
    rest are m classes (at least one) sampled uniformly from the M remaining classes. No logit of an inactive
    class is computed, neither forward nor backward. Validation and test compute all logits.

    **Unbiased:** a sampled class has weight :math:`M / m`, every other active class has weight 1. The other
    active classes are chosen before the sampling, so the expected loss and gradient of a step, given its
    images and all earlier steps, equal those over all classes. This does not hold for nonlinear functions of
    the gradient, such as clipping.

    **Hardest** means the largest running mean of past losses, see ``ClassHardness``, because the logits of
    the current step are not computed for all classes. For the same reason, a pseudo-label cannot make its
    class active. ``LabelSpaceReductionLoss`` uses all logits of the step, but saves no computation of logits.

    The number of active classes determines the shape of the tensors, so each step reads it from the device
    once. This is the only such read of this package in a training step.

    The head saves time in the product of features and classifier and in the loss. It saves none in the
    optimizer, which still updates every weight. The active fraction changes linearly over the epochs from the
    first to the last value of ``active_fraction``.

    The loss must be elementwise: no ranking over the batch, no class counts and no class priors. The head
    validates the traits of the loss when it is built.

    Source: the idea of a dynamically reduced label space is from Zhang et al., 2023 (arXiv 2308.00166), of
    which only the abstract was available; the design is this project's.

    Args:
        num_classes: Number of classes C.
        in_channels: Number of channels D of the features.
        active_fraction: Fraction of the classes that are active, in (0, 1]: one number, or a pair for the
            first and the last epoch, which needs the ``LabelStatisticsHook``.
        hard_fraction: Fraction of the added classes that are the hardest ones, in [0, 1]; with 0 no losses
            are stored. A positive value reduces the variance of the gradient if class frequencies differ
            strongly, and increases it otherwise.
        hardness_momentum: Weight of the new loss in the running mean of each class, in (0, 1].
        seed: Seed of the sampling, which depends on seed and iteration and is the same on all ranks.
        **kwargs: ``activation_maps``, ``boost_lu``, ``thr`` and ``classes`` of
            :class:`PartialLabelLinearClsHead`; ``loss``, ``topk`` and ``init_cfg`` of MMPretrain's head.

    Raises:
        ValueError: If a fraction is out of range, or the loss depends on all classes.
        RuntimeError: In training, if ``active_fraction`` is a pair and the epoch was never set.

    Example:
        >>> import torch
        >>> from mmpretrain.structures import DataSample
        >>> import mmpretrain_imbalance
        >>> loss = dict(type='PartialAsymmetricLoss')
        >>> head = ActiveClassesLinearClsHead(100, 8, active_fraction=0.1, loss=loss)
        >>> labels = torch.zeros(100).index_fill(0, torch.tensor([4]), 1)
        >>> head.train().loss((torch.ones(1, 8),), [DataSample().set_gt_score(labels)])['loss'].backward()
        >>> moved = head.fc.weight.grad.abs().sum(dim=1) > 0
        >>> int(moved.sum()), bool(moved[4])
        (10, True)
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        active_fraction: float | tuple[float, float] = (1.0, 0.1),
        hard_fraction: float = 0.25,
        hardness_momentum: float = 0.1,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes=num_classes, in_channels=in_channels, **kwargs)
        fractions = (
            tuple(active_fraction) if isinstance(active_fraction, (tuple, list)) else (active_fraction,) * 2
        )
        if len(fractions) != 2 or not all(0 < fraction <= 1 for fraction in fractions):
            raise ValueError(
                "The 'active_fraction' argument of ActiveClassesLinearClsHead must be a number in (0, 1] or "
                f"a pair of such numbers. Got {active_fraction} instead."
            )
        check_number("ActiveClassesLinearClsHead", 0, 1, hard_fraction=hard_fraction)
        if not 0 < hardness_momentum <= 1:
            raise ValueError(
                "The 'hardness_momentum' argument of ActiveClassesLinearClsHead must be in (0, 1]. "
                f"Got {hardness_momentum} instead."
            )
        self.active_fraction = fractions
        self.hard_fraction = hard_fraction
        self.hardness = ClassHardness(num_classes, hardness_momentum) if hard_fraction > 0 else None
        self.seed = seed
        check_loss_of_active_classes(self.loss_module)

    def loss(self, feats: tuple[Tensor], data_samples: list[DataSample], **kwargs: Any) -> dict[str, Tensor]:
        """Compute the loss over the active classes.

        Args:
            feats: Features of the backbone's stages; the last is used.
            data_samples: The samples, each with a ``gt_score``.
            **kwargs: Further arguments of the loss module.

        Returns:
            The loss as ``dict(loss=...)``.
        """
        if not self.training:
            return super().loss(feats, data_samples, **kwargs)
        target = stack_labels(data_samples)
        weights = self._class_weights((target > 0).any(dim=0))
        active = weights.nonzero().flatten()
        logits, maps = self._active_logits(active, feats)
        elements = self.loss_module(
            logits,
            target.index_select(1, active),
            reduction_override="none",
            context=LossContext(sample_ids_of(data_samples, logits.device), maps),
            **kwargs,
        )
        if self.hardness is not None:
            self.hardness.update(elements.detach(), active)
        images = len(logits) if self.loss_module.reduction == "mean_images" else 1
        return {"loss": (elements * weights[active].to(elements.dtype)).sum() / images}

    def _class_weights(self, required: Tensor) -> Tensor:
        """Return the weight of each class in this step, 0 for inactive classes."""
        module = self.loss_module
        if self.active_fraction[0] != self.active_fraction[1] and "progress" not in module.provided_needs:
            raise RuntimeError(
                "The 'active_fraction' argument of ActiveClassesLinearClsHead changes with the epoch, but "
                "the epoch was never set. Add dict(type='LabelStatisticsHook') to custom_hooks, call "
                "set_progress(epoch, max_epochs, iteration) of the loss, or use one number."
            )
        return active_class_weights(
            required=required,
            hardness=required.float() if self.hardness is None else self.hardness.loss,
            active_fraction=linear_schedule(self.active_fraction, module.epoch, module.max_epochs),
            hard_fraction=self.hard_fraction,
            random=module.random_table(1, self.num_classes, self.seed)[0],
        )

    def _active_logits(self, active: Tensor, feats: tuple[Tensor]) -> tuple[Tensor, Tensor | None]:
        """Return the logits of the active classes, and their activation maps if the loss gets them."""
        if len(active) == self.num_classes:
            return self(feats), self.class_activation_maps(feats) if self.activation_maps else None
        maps = None
        if self.activation_maps or self.boost_lu != 1:
            maps = self.class_activation_maps(feats, active)
        if maps is not None and self.boost_lu != 1:
            logits = boost_lu(maps, self.boost_lu).mean(dim=(2, 3))
        else:
            weight, bias = (parameter.index_select(0, active) for parameter in (self.fc.weight, self.fc.bias))
            logits = F.linear(self.pre_logits(feats), weight, bias)
        return logits, maps if self.activation_maps else None
