"""The residual attention head of the host for partial labels."""

from __future__ import annotations

import torch.nn.functional as F
from mmpretrain.models.heads import CSRAClsHead
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from mmpretrain_imbalance.functional.boost_lu import boost_lu
from mmpretrain_imbalance.models.activation_map_checks import check_boost_factor, check_maps
from mmpretrain_imbalance.models.class_thresholds import ClassThresholdsMixin
from mmpretrain_imbalance.models.loss_context_mixin import LossContextMixin


@MODELS.register_module()
class PartialLabelCSRAClsHead(ClassThresholdsMixin, LossContextMixin, CSRAClsHead):
    r"""The ``CSRAClsHead`` with sample ids and activation maps for the loss, class thresholds and BoostLU.

    Each of the H attention heads has a score map for every class, and its logit is the mean of the map plus
    ``lam`` times a mean that is weighted by attention to the largest values:

    .. math::

        S_{nhc}(p) = \frac{w_{hc} \cdot f_n(p)}{\lVert w_{hc} \rVert}, \qquad
        \text{logit}_{nc} = \sum_{h=1}^{H} \text{mean}_p\, S_{nhc}(p)
        + \lambda \sum_p S_{nhc}(p)\, \text{softmax}_p (T_h S_{nhc}(p))

    with a maximum instead of the softmax for :math:`T_h = 99`. The map of class c,
    :math:`M_{nc} = \sum_h S_{nhc}`, averages to the first part of the logit.

    With ``boost_lu`` :math:`\max(S, \alpha S)` takes the place of S. BoostLU was published for average
    pooling only; whether attention sees the boosted maps too is ``boosted_attention``.

    Args:
        num_classes: Number of classes C.
        in_channels: Number of channels D of the features.
        num_heads: Number of attention heads: 1, 2, 4, 6 or 8.
        lam: Weight of the attention part of the logit.
        activation_maps: Whether the loss gets the maps, which are those before BoostLU.
        boost_lu: Factor of positive values of the score maps, in training and test alike, see
            :func:`~mmpretrain_imbalance.functional.boost_lu.boost_lu`: 5 as published, 1 for none.
        boosted_attention: Whether the attention part of the logit is that of the boosted maps; otherwise only
            the mean is.
        **kwargs: ``thr`` and ``classes`` of :class:`ClassThresholdsMixin`; ``loss``, ``topk`` and
            ``init_cfg`` of the host's head.

    Raises:
        ValueError: If the features are no maps, the factor is below 1, or thresholds do not fit the classes.

    Example:
        >>> import torch
        >>> head = PartialLabelCSRAClsHead(num_classes=3, in_channels=8, num_heads=2, lam=0.1, boost_lu=5.0)
        >>> feats = (torch.rand(2, 8, 4, 4),)
        >>> tuple(head(feats).shape), tuple(head.class_activation_maps(feats).shape)
        ((2, 3), (2, 3, 4, 4))
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        num_heads: int,
        lam: float,
        activation_maps: bool = False,
        boost_lu: float = 1.0,
        boosted_attention: bool = True,
        **kwargs,
    ) -> None:
        super().__init__(
            num_classes=num_classes, in_channels=in_channels, num_heads=num_heads, lam=lam, **kwargs
        )
        check_boost_factor(boost_lu, type(self).__name__)
        self.activation_maps = activation_maps
        self.boost_lu = boost_lu
        self.boosted_attention = boosted_attention

    def pre_logits(self, feats: tuple[Tensor]) -> Tensor:
        """Give the map of the last stage, of shape (N, D, H, W)."""
        return check_maps(feats[-1], type(self).__name__)

    def forward(self, feats: tuple[Tensor]) -> Tensor:
        """Give the logits, of shape (N, C)."""
        if self.boost_lu == 1:
            return super().forward(feats)
        features = self.pre_logits(feats)
        logits = []
        for module in self.csra_heads:
            scores = F.conv2d(features, _unit_weight(module)).flatten(2)
            boosted = boost_lu(scores, self.boost_lu)
            attended = boosted if self.boosted_attention else scores
            if module.T == 99:
                attention = attended.max(dim=2)[0]
            else:
                attention = (attended * (module.T * attended).softmax(dim=2)).sum(dim=2)
            logits.append(boosted.mean(dim=2) + module.lam * attention)
        return sum(logits)

    def class_activation_maps(self, feats: tuple[Tensor]) -> Tensor:
        """Sum the score maps of all attention heads, in one convolution; of shape (N, C, H, W)."""
        return F.conv2d(self.pre_logits(feats), sum(map(_unit_weight, self.csra_heads)))


def _unit_weight(module: nn.Module) -> Tensor:
    """Classifiers of an attention head, each of length 1, of shape (C, D, 1, 1)."""
    return F.normalize(module.head.weight, dim=1, eps=0)
