"""Fractions of elements that a loss leaves out or pseudo-labels during an epoch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...functional import POSITIVE, known_labels

KINDS = ("ignored", "masked", "pseudo_positive", "pseudo_negative")


class ElementCounter(nn.Module):
    r"""Counts the elements of four kinds per class, over the training steps of an epoch.

    ``ignored`` elements are unknown and take no part in the loss; ``masked`` elements are known and take no
    part. ``pseudo_positive`` and ``pseudo_negative`` elements got a label that differs from the annotation.
    The fraction of a kind in class c is taken over the N images of the steps,

    .. math:: \frac{1}{N} \sum_n [\text{element } (n, c) \text{ is of the kind}],

    so that its mean over classes is the fraction of all elements. The counts are integers: their sum over
    ranks equals the counts of one process. ``LabelStatisticsHook`` sums and clears them together with the
    gathered buffers of a loss. Checkpoints do not contain them.

    Example:
        >>> counter = ElementCounter()
        >>> counter.allocate(2)
        >>> counter.add(torch.tensor([[1, -1], [0, -1]]), weight=torch.tensor([[True, False], [False, True]]))
        >>> {kind: values.tolist() for kind, values in counter.values().items()}
        {'ignored_fraction': [0.0, 0.5], 'masked_fraction': [0.5, 0.0]}
    """

    counts: Tensor
    num_images: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.kinds: tuple[str, ...] = ()
        self.register_buffer("counts", torch.zeros(len(KINDS), 0, dtype=torch.int64), persistent=False)
        self.register_buffer("num_images", torch.zeros((), dtype=torch.int64), persistent=False)

    def allocate(self, num_classes: int) -> None:
        """Allocate the counts once the number of classes is known."""
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

        A step whose number of classes differs from the training set is not counted, such as a step of a head
        that computes a subset of the classes.

        Args:
            labels: Labels of the annotation, of shape (N, C).
            weight: Nonzero where an element takes part in the loss, of shape (N, C); ``None`` if all take
                part.
            learned: Labels that the loss learned from, of shape (N, C); ``None`` if they are those of the
                annotation.
            masks_known: Whether known elements may be left out; if not, they are not counted.
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
        """Return the fraction of each kind per class, as ``<kind>_fraction``; empty before the first step."""
        if not self.num_images:
            return {}
        fractions = self.counts.double() / self.num_images
        return {f"{kind}_fraction": fractions[KINDS.index(kind)] for kind in self.kinds}
