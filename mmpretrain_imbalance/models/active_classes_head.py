"""A head that computes the logits of some classes only while it trains."""

from __future__ import annotations

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
from mmpretrain_imbalance.models.loss_context_mixin import label_table, sample_ids_of
from mmpretrain_imbalance.models.partial_label_linear_head import PartialLabelLinearClsHead
from mmpretrain_imbalance.utils.argument_checks import check_number


@MODELS.register_module()
class ActiveClassesLinearClsHead(PartialLabelLinearClsHead):
    r"""A :class:`PartialLabelLinearClsHead` whose training step leaves out most of a large label space.

    Of the :math:`\lceil a C \rceil` active classes (a = ``active_fraction``), those with a known positive in the
    batch come first. They leave a quarter of that number free, if need be beyond it: few random classes would
    have a great weight. ``hard_fraction`` of the free places goes to the hardest of the other classes, the rest,
    at least one, to m classes drawn evenly from the M that remain. For all others no logit is computed,
    forward or backward. Validation and test compute all logits.

    **Unbiased:** a drawn class has weight :math:`M / m`, the others 1. Which classes are in for sure is
    settled before the draw, so the expected loss and gradient of a step are those of all classes, given its
    images and all steps before it. This holds for the gradient, not for what an optimizer makes of it that is
    not linear, such as clipping.

    **Hardest** means the largest loss when last computed, see :class:`ClassHardness`: the logits of this step
    are what is to be saved. For the same reason a pseudo-label cannot make its class active here.
    ``LabelSpaceReductionLoss`` sees all logits, and saves none.

    The number of active classes is the shape of what is computed, so a step reads it back from the device
    once: of all that this package does in a training step, the only such read.

    What this saves is the product of features and classifier and the loss; what it cannot save is the
    optimizer, which still moves every weight. The active share moves linearly from the first to the last
    value of ``active_fraction`` over the epochs.

    A loss fits in which every element is by itself: no ranking over the batch, no counts or priors of
    classes. Its traits tell, when the head is built.

    Source: the idea of a dynamically reduced label space is Zhang et al., 2023 (arXiv 2308.00166), of which
    only the abstract was at hand; the design is this project's.

    Args:
        num_classes: Number of classes C.
        in_channels: Number of channels D of the features.
        active_fraction: Share of the classes that are active, in (0, 1]: a number, or a pair for the first and
            the last epoch, which ``LabelStatisticsHook`` tells.
        hard_fraction: Share of the free places that goes to the hardest classes, in [0, 1]; 0 remembers no
            losses. The gradient varies less with some where classes differ much in frequency, and more where
            they do not.
        hardness_momentum: Weight of the new loss in what is remembered of a class, in (0, 1].
        seed: Of the draw, which depends on seed and iteration and is the same on all ranks.
        **kwargs: ``activation_maps``, ``boost_lu``, ``thr`` and ``classes`` of
            :class:`PartialLabelLinearClsHead`; ``loss``, ``topk`` and ``init_cfg`` of the host's head.

    Raises:
        ValueError: If a share is out of range, or the loss needs all classes.
        RuntimeError: In training, if the share depends on the epoch and nobody tells it.

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
        **kwargs,
    ) -> None:
        super().__init__(num_classes=num_classes, in_channels=in_channels, **kwargs)
        fractions = (
            tuple(active_fraction) if isinstance(active_fraction, (tuple, list)) else (active_fraction,) * 2
        )
        if len(fractions) != 2 or not all(0 < fraction <= 1 for fraction in fractions):
            raise ValueError(
                "The 'active_fraction' argument of ActiveClassesLinearClsHead must be a number in (0, 1] or a "
                f"pair of them. Got {active_fraction} instead."
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

    def loss(self, feats: tuple[Tensor], data_samples: list[DataSample], **kwargs) -> dict:
        """Compute the loss over the active classes.

        Args:
            feats: Features of the backbone's stages, of which the last is used.
            data_samples: The samples, with a ``gt_score`` each.
            **kwargs: Further arguments of the loss module.

        Returns:
            The loss as ``dict(loss=...)``.
        """
        if not self.training:
            return super().loss(feats, data_samples, **kwargs)
        target = label_table(data_samples)
        weights = self._class_weights((target > 0).any(dim=0))
        active = weights.nonzero().flatten()
        logits, maps = self._logits_of(active, feats)
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
        module = self.loss_module
        if self.active_fraction[0] != self.active_fraction[1] and "progress" not in module.told:
            raise RuntimeError(
                "ActiveClassesLinearClsHead depends on the epoch. Add dict(type='LabelStatisticsHook') to "
                "custom_hooks, call set_progress(epoch, max_epochs, iteration) of its loss, or give one "
                "number as active_fraction."
            )
        return active_class_weights(
            required=required,
            hardness=required.float() if self.hardness is None else self.hardness.loss,
            active_fraction=linear_schedule(self.active_fraction, module.epoch, module.max_epochs),
            hard_fraction=self.hard_fraction,
            random=module.random_table(1, self.num_classes, self.seed)[0],
        )

    def _logits_of(self, active: Tensor, feats: tuple[Tensor]) -> tuple[Tensor, Tensor | None]:
        if len(active) == self.num_classes:
            return self(feats), self.class_activation_maps(feats) if self.activation_maps else None
        maps = None
        if self.activation_maps or self.boost_lu != 1:
            maps = self.class_activation_maps(feats, active)
        if self.boost_lu != 1:
            logits = boost_lu(maps, self.boost_lu).mean(dim=(2, 3))
        else:
            weight, bias = (table.index_select(0, active) for table in (self.fc.weight, self.fc.bias))
            logits = F.linear(self.pre_logits(feats), weight, bias)
        return logits, maps if self.activation_maps else None
