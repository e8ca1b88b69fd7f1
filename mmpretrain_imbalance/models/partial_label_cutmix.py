"""CutMix for labels that may be unknown."""

from __future__ import annotations

import numpy as np
import torch
from mmpretrain.models.utils.batch_augments import CutMix
from mmpretrain.registry import BATCH_AUGMENTS
from torch import Tensor

from mmpretrain_imbalance.functional.mix_labels import mix_labels


@BATCH_AUGMENTS.register_module()
class PartialLabelCutMix(CutMix):
    """MMPretrain's ``CutMix``, with a mixed label that is unknown if one of its two labels is.

    Images, random numbers and the mix of two known labels are the same as in MMPretrain; see
    :func:`mix_labels`. A box that lies completely outside the
    image changes nothing, and with ``correct_lam`` the labels stay unchanged too.

    Args:
        alpha: Both parameters of the Beta distribution of the mixing fraction.
        cutmix_minmax: Smallest and largest side of the box, as fractions of the sides of the image; replaces
            ``alpha``.
        correct_lam: Whether the mixing fraction of the labels is the area of the box after clipping at the
            border.

    Raises:
        ValueError: If ``alpha`` is not positive.

    Example:
        >>> cutmix = PartialLabelCutMix(alpha=1.0)
        >>> images, labels = cutmix(torch.rand(2, 3, 8, 8), torch.tensor([[0.0, -1.0], [0.0, -1.0]]))
        >>> labels[0]
        tensor([ 0., -1.])
    """

    keeps_unknown = True

    def __init__(
        self, alpha: float, cutmix_minmax: list[float] | None = None, correct_lam: bool = True
    ) -> None:
        if not alpha > 0:
            raise ValueError(
                f"The 'alpha' argument of PartialLabelCutMix must be positive. Got {alpha} instead."
            )
        super().__init__(alpha=float(alpha), cutmix_minmax=cutmix_minmax, correct_lam=correct_lam)

    def mix(self, batch_inputs: Tensor, batch_scores: Tensor) -> tuple[Tensor, Tensor]:
        """Paste into each image a box of a random partner in the batch, and mix their labels by area.

        Args:
            batch_inputs: Images, of shape (N, 3, H, W), changed in place as in MMPretrain.
            batch_scores: Labels 1, 0, -1 or soft, of shape (N, C).

        Returns:
            Mixed images and labels, of the same shapes.
        """
        lam = np.random.beta(self.alpha, self.alpha)  # noqa: NPY002 - same random numbers as MMPretrain
        partner = torch.randperm(len(batch_inputs)).to(batch_inputs.device, non_blocking=True)
        (top, bottom, left, right), lam = self.cutmix_bbox_and_lam(batch_inputs.shape[-2:], lam)
        batch_inputs[:, :, top:bottom, left:right] = batch_inputs[partner, :, top:bottom, left:right]
        return batch_inputs, mix_labels(batch_scores, batch_scores[partner], float(lam))
