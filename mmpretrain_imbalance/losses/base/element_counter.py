"""How much of the table a loss leaves out, or labels itself, while an epoch lasts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...functional import POSITIVE, known_labels

KINDS = ("ignored", "masked", "pseudo_positive", "pseudo_negative")


class ElementCounter(nn.Module):
    r"""Counts the elements of four kinds, class by class, over the training steps of an epoch.

    ``ignored`` elements are unknown and take no part, ``masked`` ones are known and take no part;
    ``pseudo_positive`` and ``pseudo_negative`` ones were given another label than the annotation has. The
    share of a kind in class c is that of the N images which the steps have shown,

    .. math:: \frac{1}{N} \sum_n [\text{element } (n, c) \text{ is of the kind}],

    so that its mean over classes is the share of all elements. The counts are whole numbers: summed over
    ranks, they are those of one process. ``LabelStatisticsHook`` sums and clears them as it does the gathered
    buffers of a loss; none of them is in a checkpoint.

    Example:
        >>> shares = ElementCounter()
        >>> shares.allocate(2)
        >>> shares.add(torch.tensor([[1, -1], [0, -1]]), weight=torch.tensor([[True, False], [False, True]]))
        >>> {kind: values.tolist() for kind, values in shares.values().items()}
        {'ignored_fraction': [0.0, 0.5], 'masked_fraction': [0.5, 0.0]}
    """

    def __init__(self) -> None:
        super().__init__()
        self.kinds: tuple[str, ...] = ()
        self.register_buffer("counts", torch.zeros(len(KINDS), 0, dtype=torch.int64), persistent=False)
        self.register_buffer("num_images", torch.zeros((), dtype=torch.int64), persistent=False)

    def allocate(self, num_classes: int) -> None:
        """Make room for the classes, once their number is known."""
        if not self.counts.shape[1]:
            self.counts = self.counts.new_zeros(len(KINDS), num_classes)

    def add(
        self,
        labels: Tensor,
        weight: Tensor | None = None,
        learned: Tensor | None = None,
        masks_known: bool = True,
    ) -> None:
        """Count the elements of a step.

        A step of other classes than the training set has, as of a head that computes some of them only, is
        not counted.

        Args:
            labels: Those of the annotation, of shape (N, C).
            weight: Which elements take part, of shape (N, C); ``None`` for all.
            learned: The labels that the loss learned from, of shape (N, C); ``None`` for those of the
                annotation.
            masks_known: Whether known elements may be left out; without, nobody looks for them.
        """
        if labels.shape[1] != self.counts.shape[1]:
            return
        counts = {}
        if weight is not None:
            left_out = ~weight if weight.dtype == torch.bool else weight == 0
            counts["ignored"] = left_out.sum(dim=0)
            if masks_known:
                masked = (left_out & known_labels(labels)).sum(dim=0)
                counts.update(ignored=counts["ignored"] - masked, masked=masked)
        if learned is not None:
            changed, positive = learned != labels, 2 * learned >= POSITIVE
            counts["pseudo_positive"] = (changed & positive).sum(dim=0)
            counts["pseudo_negative"] = (changed & ~positive).sum(dim=0)
        for kind, count in counts.items():
            self.counts[KINDS.index(kind)].add_(count)
        self.num_images += len(labels)
        self.kinds = tuple(counts)

    def values(self) -> dict[str, Tensor]:
        """The share of each kind in each class, in [0, 1], as ``<kind>_fraction``; nothing before a step."""
        if not self.num_images:
            return {}
        fractions = self.counts.double() / self.num_images
        return {f"{kind}_fraction": fractions[KINDS.index(kind)] for kind in self.kinds}
