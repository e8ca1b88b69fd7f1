"""MMPretrain's residual attention head (CSRA) for partial labels."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from mmpretrain.models.heads import CSRAClsHead
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from mmpretrain_imbalance.functional.boost_lu import boost_lu
from mmpretrain_imbalance.models.activation_map_checks import check_boost_factor, check_feature_maps
from mmpretrain_imbalance.models.class_thresholds import ClassThresholdsMixin
from mmpretrain_imbalance.models.loss_context_mixin import LossContextMixin


@MODELS.register_module()
class PartialLabelCSRAClsHead(ClassThresholdsMixin, LossContextMixin, CSRAClsHead):
    r"""MMPretrain's ``CSRAClsHead`` with a loss context, per-class thresholds and BoostLU.

    The loss context holds sample ids and class activation maps. Each of the H attention heads has a score map
    per class. Its logit is the mean of the map plus ``lam`` times an attention-weighted mean, in which large
    values have large weights:

    .. math::

        S_{nhc}(p) = \frac{w_{hc} \cdot f_n(p)}{\lVert w_{hc} \rVert}, \qquad
        \text{logit}_{nc} = \sum_{h=1}^{H} \text{mean}_p\, S_{nhc}(p)
        + \lambda \sum_p S_{nhc}(p)\, \text{softmax}_p (T_h S_{nhc}(p))

    with a maximum instead of the softmax for :math:`T_h = 99`. The mean of the activation map of class c,
    :math:`M_{nc} = \sum_h S_{nhc}`, is the first part of the logit.

    With ``boost_lu``, S is replaced by :math:`\max(S, \alpha S)`. BoostLU was published for average pooling
    only; ``boosted_attention`` chooses whether the attention part uses the boosted maps too.

    Args:
        num_classes: Number of classes C.
        in_channels: Number of channels D of the features.
        num_heads: Number of attention heads: 1, 2, 4, 6 or 8.
        lam: Weight of the attention part of the logit.
        activation_maps: Whether to pass the activation maps (before BoostLU) to the loss.
        boost_lu: Factor of the positive values of the score maps, in training and test, see
            :func:`boost_lu`: 5 is the published factor, 1 switches
            BoostLU off.
        boosted_attention: Whether BoostLU applies to the attention part of the logit too, or only to the
            mean.
        **kwargs: ``thr`` and ``classes`` of ``ClassThresholdsMixin``; ``loss``, ``topk`` and ``init_cfg`` of
            MMPretrain's head.

    Raises:
        ValueError: If the features are pooled, the factor is below 1, or the thresholds do not match the
            classes.

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
        **kwargs: Any,
    ) -> None:
        super().__init__(
            num_classes=num_classes, in_channels=in_channels, num_heads=num_heads, lam=lam, **kwargs
        )
        check_boost_factor(boost_lu, type(self).__name__)
        self.activation_maps = activation_maps
        self.boost_lu = boost_lu
        self.boosted_attention = boosted_attention

    def pre_logits(self, feats: tuple[Tensor]) -> Tensor:
        """Return the feature map of the last stage, of shape (N, D, H, W)."""
        return check_feature_maps(feats[-1], type(self).__name__)

    def forward(self, feats: tuple[Tensor]) -> Tensor:
        """Return the logits, of shape (N, C)."""
        if self.boost_lu == 1:
            return super().forward(feats)
        features = self.pre_logits(feats)
        logits = []
        for module in self.csra_heads:
            scores = F.conv2d(features, _unit_weight(module.head)).flatten(2)
            boosted = boost_lu(scores, self.boost_lu)
            attended = boosted if self.boosted_attention else scores
            if module.T == 99:
                attention = attended.max(dim=2)[0]
            else:
                attention = (attended * (module.T * attended).softmax(dim=2)).sum(dim=2)
            logits.append(boosted.mean(dim=2) + module.lam * attention)
        return sum(logits[1:], logits[0])

    def class_activation_maps(self, feats: tuple[Tensor]) -> Tensor:
        """Return the sum of the score maps of all attention heads, of shape (N, C, H, W)."""
        weights = [_unit_weight(module.head) for module in self.csra_heads]
        # The convolution with the sum of the weights is the sum of the convolutions.
        return F.conv2d(self.pre_logits(feats), sum(weights[1:], weights[0]))


def _unit_weight(classifier: nn.Conv2d) -> Tensor:
    """Weight of each class of an attention head, scaled to length 1, of shape (C, D, 1, 1)."""
    return F.normalize(classifier.weight, dim=1, eps=0)
