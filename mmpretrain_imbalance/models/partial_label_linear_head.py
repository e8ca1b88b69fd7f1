"""MMPretrain's linear multi-label head for partial labels."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from mmpretrain.models.heads import MultiLabelLinearClsHead
from mmpretrain.registry import MODELS
from torch import Tensor

from mmpretrain_imbalance.functional.boost_lu import boost_lu
from mmpretrain_imbalance.models.activation_map_checks import check_boost_factor, check_feature_maps
from mmpretrain_imbalance.models.class_thresholds import ClassThresholdsMixin
from mmpretrain_imbalance.models.loss_context_mixin import LossContextMixin


@MODELS.register_module()
class PartialLabelLinearClsHead(ClassThresholdsMixin, LossContextMixin, MultiLabelLinearClsHead):
    r"""MMPretrain's ``MultiLabelLinearClsHead`` with a loss context, per-class thresholds and BoostLU.

    The loss context holds sample ids and class activation maps. Features that are maps of shape (N, D, H, W)
    are averaged over the image in the head. The activation map of class c is the classifier at each position,

    .. math:: M_{nc}(p) = w_c \cdot f_n(p) + b_c, \qquad \text{logit}_{nc} = \text{mean}_p\, M_{nc}(p).

    Args:
        num_classes: Number of classes C.
        in_channels: Number of channels D of the features.
        activation_maps: Whether to pass the activation maps to the loss; backbone and neck must then not
            pool.
        boost_lu: Factor of the positive values of the activation maps before averaging, in training and test,
            see :func:`boost_lu`: 5 is the published factor, 1
            switches BoostLU off. With another factor than 1, backbone and neck must not pool.
        **kwargs: ``thr`` and ``classes`` of ``ClassThresholdsMixin``; ``loss``, ``topk`` and ``init_cfg`` of
            MMPretrain's head.

    Raises:
        ValueError: If activation maps or BoostLU are used with pooled features, the factor is below 1, or the
            thresholds do not match the classes.

    Example:
        >>> import torch
        >>> head = PartialLabelLinearClsHead(num_classes=3, in_channels=8, activation_maps=True)
        >>> feats = (torch.rand(2, 8, 4, 4),)
        >>> torch.testing.assert_close(head.class_activation_maps(feats).mean(dim=(2, 3)), head(feats))
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        activation_maps: bool = False,
        boost_lu: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes=num_classes, in_channels=in_channels, **kwargs)
        check_boost_factor(boost_lu, type(self).__name__)
        self.activation_maps = activation_maps
        self.boost_lu = boost_lu

    def forward(self, feats: tuple[Tensor]) -> Tensor:
        """Return the logits, of shape (N, C)."""
        if self.boost_lu == 1:
            return super().forward(feats)
        return boost_lu(self.class_activation_maps(feats), self.boost_lu).mean(dim=(2, 3))

    def pre_logits(self, feats: tuple[Tensor]) -> Tensor:
        """Return the features of the last stage, averaged over the image, of shape (N, D)."""
        features = feats[-1]
        return features.mean(dim=(2, 3)) if features.ndim == 4 else features

    def class_activation_maps(self, feats: tuple[Tensor], classes: Tensor | None = None) -> Tensor:
        """Apply the classifier at each position of the feature map of the last stage.

        Args:
            feats: Features of the backbone's stages.
            classes: Indices of A classes to compute; ``None`` for all classes.

        Returns:
            The activation maps, of shape (N, C, H, W) or (N, A, H, W).

        Raises:
            ValueError: If the features do not have the shape (N, D, H, W).
        """
        weight, bias = self.fc.weight, self.fc.bias
        if classes is not None:
            weight, bias = weight.index_select(0, classes), bias.index_select(0, classes)
        return F.conv2d(check_feature_maps(feats[-1], type(self).__name__), weight[:, :, None, None], bias)
