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
    """MMPretrain's ``CutMix`` with a label that is known only where it can be.

    Images, random draws and known labels are those of the host; where one of the two labels is unknown, so is
    the mixed one (:func:`~mmpretrain_imbalance.functional.mix_labels.mix_labels`). A box that is cut off to
    nothing by the border leaves the image as it was, and with ``correct_lam`` its labels.

    Args:
        alpha: Both parameters of the Beta distribution of the mixing share.
        cutmix_minmax: Smallest and largest side of the box as shares of the image's; replaces ``alpha``.
        correct_lam: Whether the labels' share follows the box after the border has cut it.

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
            batch_inputs: Images, of shape (N, 3, H, W), changed in place as by the host.
            batch_scores: Labels 1, 0, -1 or soft, of shape (N, C).

        Returns:
            Mixed images and labels, of the same shapes.
        """
        lam = np.random.beta(self.alpha, self.alpha)  # noqa: NPY002 - the draw of the host
        partner = torch.randperm(len(batch_inputs)).to(batch_inputs.device, non_blocking=True)
        (top, bottom, left, right), lam = self.cutmix_bbox_and_lam(batch_inputs.shape[-2:], lam)
        batch_inputs[:, :, top:bottom, left:right] = batch_inputs[partner, :, top:bottom, left:right]
        return batch_inputs, mix_labels(batch_scores, batch_scores[partner], float(lam))
