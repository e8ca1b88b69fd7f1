"""Advice for a training method, from the label counts of a training set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .missing_positives import (
    ALL_KNOWN,
    WITH_NEGATIVES,
    has_fixed_number,
    missing_positives,
    negative_fraction,
)

#: Below this fraction of known labels, "a tenth or less" is known; from it up to ``ALL_KNOWN``, "about half".
ABOUT_A_TENTH = 0.2
#: From this ratio of the most frequent to the rarest class, in known positives, the imbalance is "strong".
STRONG_IMBALANCE = 50
#: From this number of classes, there are "thousands of classes".
MANY_CLASSES = 1000


@dataclass(frozen=True)
class LabelFigures:
    """Figures of a training set that the choice of a method depends on.

    Attributes:
        num_images: Number of images.
        num_classes: Number of classes.
        known_fraction: Fraction of the labels that are known.
        imbalance_ratio: Known positives of the most frequent class divided by those of the rarest class that
            has any; None if no class has any.
        negative_fraction: Fraction of the classes with a known negative, among those with a known positive.
        fixed_number: Whether most classes have about the same number of known negatives, see
            ``has_fixed_number`` of this package.
        single_positive: Whether no image has more than one known positive; None if that was not counted.
        positives_per_image: Mean number of known positives per image.
        missing_positives: Expected number of unannotated positives per image, see
            :func:`missing_positives`: 1 where the labels give no estimate.
    """

    num_images: int
    num_classes: int
    known_fraction: float
    imbalance_ratio: float | None
    negative_fraction: float
    fixed_number: bool
    single_positive: bool | None
    positives_per_image: float
    missing_positives: float

    @property
    def has_negatives(self) -> bool:
        """Whether there are enough annotated negatives to ignore unknown labels."""
        return self.negative_fraction >= WITH_NEGATIVES

    @property
    def has_frequencies(self) -> bool:
        """Whether the fraction of positives among the known labels estimates that among all labels."""
        return self.known_fraction == 1 or (self.has_negatives and not self.fixed_number)

    @property
    def is_imbalanced(self) -> bool:
        """Whether the imbalance is strong."""
        return self.imbalance_ratio is not None and self.imbalance_ratio >= STRONG_IMBALANCE


@dataclass(frozen=True)
class MethodAdvice:
    """Method to start with, and the reasons.

    Attributes:
        method: Name of a file in ``configs/_base_/methods``, without its ending.
        second: Name of the method to try next.
        reasons: Sentences that explain the choice, the figures first.
        figures: The figures that the choice depends on.
        loss: Arguments of the loss that this training set needs, by name.
    """

    method: str
    second: str
    reasons: tuple[str, ...]
    figures: LabelFigures
    loss: dict[str, Any] = field(default_factory=dict)


def label_figures(
    positives: ArrayLike,
    negatives: ArrayLike,
    unknown: ArrayLike,
    positives_per_image: ArrayLike | None = None,
) -> LabelFigures:
    """Compute the figures that the choice of a method depends on.

    Args:
        positives: Number of known positives of each class, of shape (C,).
        negatives: Number of known negatives of each class, of shape (C,).
        unknown: Number of unknown labels of each class, of shape (C,).
        positives_per_image: Number of images with 0, 1, 2, ... known positives.

    Returns:
        The figures.

    Raises:
        ValueError: If the arrays differ in shape, or contain no label.

    Example:
        >>> label_figures([8, 2], [0, 4], [2, 4]).known_fraction
        0.7
    """
    positives, negatives, unknown = (np.asarray(counts) for counts in (positives, negatives, unknown))
    if not positives.shape == negatives.shape == unknown.shape or positives.ndim != 1:
        raise ValueError(
            "The 'positives', 'negatives' and 'unknown' arguments of label_figures must have the same shape "
            f"(C,). Got {positives.shape}, {negatives.shape} and {unknown.shape} instead."
        )
    known = positives + negatives
    total = int((known + unknown).sum())
    if not total:
        raise ValueError(
            "The arguments of label_figures must count at least one label. Got no label instead."
        )
    found = positives[positives > 0]
    num_images = int((known + unknown).max())
    several = None if positives_per_image is None else np.asarray(positives_per_image)[2:].any()
    return LabelFigures(
        num_images=num_images,
        num_classes=len(positives),
        known_fraction=float(known.sum() / total),
        imbalance_ratio=float(found.max() / found.min()) if len(found) else None,
        negative_fraction=negative_fraction(positives, negatives),
        fixed_number=has_fixed_number(positives, negatives, unknown),
        single_positive=None if several is None else not several,
        positives_per_image=float(positives.sum() / num_images),
        missing_positives=missing_positives(positives, negatives, unknown),
    )


def advise_method(
    positives: ArrayLike,
    negatives: ArrayLike,
    unknown: ArrayLike,
    positives_per_image: ArrayLike | None = None,
) -> MethodAdvice:
    """Choose the method to start with, by the rules of docs/which_method.md.

    The rules come from trials on small data. They replace no comparison on your own data.

    Args:
        positives: Number of known positives of each class, of shape (C,).
        negatives: Number of known negatives of each class, of shape (C,).
        unknown: Number of unknown labels of each class, of shape (C,).
        positives_per_image: Number of images with 0, 1, 2, ... known positives.

    Returns:
        The method, the method to try next, and the reasons.

    Raises:
        ValueError: If the arrays differ in shape, or contain no label.

    Example:
        >>> advise_method([80, 60], [20, 40], [0, 0]).method
        'binary_cross_entropy'
        >>> advise_method([80, 60], [0, 0], [20, 40]).method
        'asymmetric_pseudo_label_loss'
    """
    return advise_by_figures(label_figures(positives, negatives, unknown, positives_per_image))


def advise_by_figures(figures: LabelFigures) -> MethodAdvice:
    """Choose the method to start with, as :func:`advise_method`, from figures that are known already.

    Args:
        figures: The figures of the training set.

    Returns:
        The method, the method to try next, and the reasons.
    """
    advice = _advice(figures)
    notes = []
    if figures.has_negatives and figures.negative_fraction < 1:
        notes.append(
            f"{1 - figures.negative_fraction:.0%} of the classes have known positives but no known negative: "
            "a loss that ignores unknown labels predicts them positive everywhere."
        )
    if advice.method == "statistics_balanced_loss":
        notes.append(
            "On photographs with pretrained features, class weights did not improve mAP over ignoring; they "
            "improved F1 at a threshold of 0.5, as chosen thresholds also do."
        )
    if figures.num_classes >= MANY_CLASSES:
        notes.append(f"With {figures.num_classes:,} classes, active_classes reduces the time per step.")
    reasons = (_describe(figures), *advice.reasons, *notes)
    return MethodAdvice(advice.method, advice.second, reasons, figures, advice.loss)


def _describe(figures: LabelFigures) -> str:
    known = f"{figures.known_fraction:.0%} of the labels are known"
    if figures.imbalance_ratio is None:
        return f"{known}, and none of them is positive."
    strength = "strong" if figures.is_imbalanced else "mild"
    most = f"the most frequent class has {figures.imbalance_ratio:.3g} times the positives of the rarest"
    return f"{known}, and {most} ({strength} imbalance, strong from {STRONG_IMBALANCE})."


def _advice(figures: LabelFigures) -> MethodAdvice:
    def advice(method: str, second: str, *reasons: str, **loss: Any) -> MethodAdvice:
        return MethodAdvice(method, second, reasons, figures, loss)

    if not figures.has_negatives and figures.known_fraction < ALL_KNOWN:
        number = "one positive" if figures.single_positive else "positives"
        return advice(
            "asymmetric_pseudo_label_loss",
            "entropy_maximization_loss",
            f"Most classes have {number} only, without a known negative, so that a loss that ignores unknown "
            "labels would learn to predict positive everywhere.",
            "If the annotators looked for every class, classes without an annotation are negative: read the "
            "table with --blank negative or --not-listed negative, or set default_label='negative' of the "
            "dataset.",
        )
    if figures.fixed_number:
        return advice(
            "class_aware_selective_loss",
            "statistics_balanced_loss",
            "Most classes have about the same number of known negatives (a fixed number per class): CSL has "
            "the best mAP for such data on digits. On photographs, no method was the best on all data.",
            "A class prior that is estimated from such data is unreliable, so the prior is not used.",
            prior_threshold=None,
        )
    if figures.known_fraction >= ALL_KNOWN:
        if figures.is_imbalanced:
            return advice(
                "statistics_balanced_loss",
                "partial_asymmetric_loss",
                "All labels are known and the imbalance is strong: class weights help the rare classes.",
            )
        return advice(
            "binary_cross_entropy",
            "partial_asymmetric_loss",
            "All labels are known and the imbalance is mild: the baseline is hard to beat.",
        )
    ignoring = (
        "Negatives are annotated, so unknown labels can be ignored: only correct labels are trained on."
    )
    if figures.known_fraction < ABOUT_A_TENTH:
        return advice(
            "statistics_balanced_loss",
            "partial_label_masking_loss",
            ignoring,
            "With few known labels, class weights around the ignoring loss are the best start on digits.",
        )
    if figures.is_imbalanced:
        return advice(
            "statistics_balanced_loss",
            "partial_label_masking_loss_selective",
            ignoring,
            "The imbalance is strong: class weights help the rare classes.",
        )
    return advice("binary_cross_entropy", "class_aware_selective_loss", ignoring)
