"""Regularized online label estimation (ROLE)."""

from __future__ import annotations

import math
from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..functional import NEGATIVE, POSITIVE, LossContext
from ..functional.losses.expected_positives_loss import expected_positives_loss
from ..functional.losses.online_label_estimation_loss import online_label_estimation_loss
from ..utils.argument_checks import check_integer, check_interval, check_number
from .base.elementwise_loss import ElementwiseLoss
from .base.loss_checks import required_sample_ids
from .base.traits import Traits


@MODELS.register_module()
class OnlineLabelEstimationLoss(ElementwiseLoss):
    r"""ROLE: an estimate of every label of every image is learned together with the model.

    The estimate of class c in image n is

    .. math:: e_{nc} = \sigma(\theta_{nc} + \sigma^{-1}(0.995)\, (P_{nc} - G_{nc}))

    where :math:`\theta` is initialized uniformly within :math:`\pm\sigma^{-1}(0.6)`, so that an annotated
    positive starts near 0.995 and an unknown element between 0.4 and 0.6. :math:`\theta` is a parameter of
    this loss: the optimizer of the model updates it, and checkpoints contain it. The authors use ten times
    the learning rate and no weight decay for it:

        optim_wrapper = dict(paramwise_cfg=dict(custom_keys={
            'label_logits': dict(lr_mult=10, decay_mult=0)}))

    The loss is :func:`online_label_estimation_loss` in training, and
    :func:`expected_positives_loss` otherwise, because there are no estimates
    for other images. It cannot be combined with augmentations that mix images.

    Memory on every rank, with the gradient and the two moments of Adam: 16 bytes per image and class, 12 of
    them in the checkpoint. COCO takes 105 MB, and a gradient of 26 MB is summed over ranks in each step. 9M
    images with 9,605 classes would take 1.4 TB, so the method is not suited to such data.

    Source: Cole et al., CVPR 2021 (arXiv 2106.09708), who take the mean over N C: ``reduction='mean'``. In
    the authors' code annotated positives start at 0.995 exactly.

    Args:
        num_images: Length of the training set. It is required, because the estimates are parameters, which
            the optimizer needs before the training set is read.
        num_classes: Number of classes C.
        expected_positives: Mean number of positives per image: 1.5 in VOC, 2.9 in COCO, 1.9 in NUS-WIDE, 31.4
            in CUB.
        use_negatives: Whether annotated negatives enter the loss; not in the paper.
        eps: Value added inside every logarithm.
        seed: Seed of the initial estimates.
        **kwargs: ``reduction``, ``loss_weight`` and ``validate`` of :class:`ElementwiseLoss`.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> loss = OnlineLabelEstimationLoss(num_images=8, num_classes=3, expected_positives=1)
        >>> context = LossContext(sample_ids=torch.tensor([6]))
        >>> loss.estimates(context.sample_ids, torch.tensor([[1, -1, 0]])).sigmoid().round(decimals=1)
        tensor([[1.0000, ..., 0.0000]], grad_fn=...)
        >>> loss(torch.zeros(1, 3), torch.tensor([[1, -1, 0]]), context=context).backward()
        >>> loss.label_logits.grad.abs().sum(dim=1).nonzero().flatten()  # image 6 only
        tensor([6])
    """

    traits = Traits(unknown="learned", elementwise=False, needs=("sample_ids",))

    def __init__(
        self,
        num_images: int,
        num_classes: int,
        expected_positives: float,
        use_negatives: bool = False,
        eps: float = 1e-5,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        check_integer(name, 1, num_images=num_images, num_classes=num_classes)
        check_interval(name, "(0, inf)", expected_positives=expected_positives)
        check_number(name, 0, 1, eps=eps)
        check_integer(name, 0, seed=seed)
        self.num_images = self.sample_id_limit = num_images
        self.num_classes = num_classes
        self.expected_positives = expected_positives
        self.use_negatives = use_negatives
        self.eps = eps
        self.seed = seed
        generator = torch.Generator().manual_seed(seed)
        spread = 2 * torch.rand(num_images, num_classes, generator=generator) - 1
        self.label_logits = nn.Parameter(_logit(0.6) * spread)

    def estimates(self, sample_ids: Tensor, labels: Tensor) -> Tensor:
        """Return the scores of the estimates before the sigmoid.

        Args:
            sample_ids: Index of each image, of shape (N,).
            labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).

        Returns:
            Scores of shape (N, C), with a gradient.
        """
        start = (labels == POSITIVE).to(self.label_logits) - (labels == NEGATIVE).to(self.label_logits)
        rows = sample_ids.clamp(0, self.num_images - 1)
        return self.label_logits[rows] + _logit(0.995) * start

    def elementwise_loss(self, logits: Tensor, labels: Tensor, context: LossContext) -> Tensor:
        if logits.shape[1] != self.num_classes:
            raise ValueError(
                "The 'num_classes' argument of OnlineLabelEstimationLoss must be equal to num_classes of the "
                f"head, {logits.shape[1]}. Got {self.num_classes} instead."
            )
        arguments = self.expected_positives, self.use_negatives, self.eps
        if not self.training:
            return expected_positives_loss.unvalidated(logits, labels, *arguments)
        estimates = self.estimates(required_sample_ids(context), labels).to(logits.dtype)
        return online_label_estimation_loss.unvalidated(logits, labels, estimates, *arguments)


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))
