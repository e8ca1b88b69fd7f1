"""Mixup for labels that may be unknown."""

from __future__ import annotations

import numpy as np
import torch
from mmpretrain.models.utils.batch_augments import Mixup
from mmpretrain.registry import BATCH_AUGMENTS
from torch import Tensor

from mmpretrain_imbalance.functional.mix_labels import mix_labels


@BATCH_AUGMENTS.register_module()
class PartialLabelMixup(Mixup):
    """MMPretrain's ``Mixup``, with a mixed label that is unknown if one of its two labels is.

    Images, random numbers and the mix of two known labels are the same as in MMPretrain; see
    :func:`mix_labels`.

    Args:
        alpha: Both parameters of the Beta distribution of the mixing fraction.

    Raises:
        ValueError: If ``alpha`` is not positive.

    Example:
        >>> mixup = PartialLabelMixup(alpha=0.2)
        >>> images, labels = mixup(torch.rand(2, 3, 8, 8), torch.tensor([[1.0, -1.0], [1.0, 0.0]]))
        >>> labels[0]
        tensor([ 1., -1.])
    """

    keeps_unknown = True

    def __init__(self, alpha: float) -> None:
        if not alpha > 0:
            raise ValueError(
                f"The 'alpha' argument of PartialLabelMixup must be positive. Got {alpha} instead."
            )
        super().__init__(alpha=float(alpha))

    def mix(self, batch_inputs: Tensor, batch_scores: Tensor) -> tuple[Tensor, Tensor]:
        """Mix each image and its labels with those of a random partner in the batch.

        Args:
            batch_inputs: Images, of shape (N, 3, H, W).
            batch_scores: Labels 1, 0, -1 or soft, of shape (N, C).

        Returns:
            Mixed images and labels, of the same shapes.
        """
        lam = np.random.beta(self.alpha, self.alpha)  # noqa: NPY002 - same random numbers as MMPretrain
        partner = torch.randperm(len(batch_inputs)).to(batch_inputs.device, non_blocking=True)
        mixed_inputs = lam * batch_inputs + (1 - lam) * batch_inputs[partner]
        return mixed_inputs, mix_labels(batch_scores, batch_scores[partner], lam)
