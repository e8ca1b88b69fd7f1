"""Label quality scores of the package cleanlab, applied to the known labels of each class."""

from __future__ import annotations

import warnings

import numpy as np


def cleanlab_scores(
    probabilities: np.ndarray, labels: np.ndarray, classes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Score the quality of known labels by cleanlab, class by class.

    ``cleanlab.multilabel_classification`` needs the labels of all classes of every image. With partial
    labels, its parts for two classes are applied to the known elements of each class instead, as it does
    itself after splitting the labels by class:

    - ``cleanlab.rank.get_label_quality_scores``: the self-confidence, adjusted by the mean self-confidence of
      positives and of negatives, which makes them comparable in an imbalanced class. (For two classes, the
      score 'normalized_margin' gives the same order as the self-confidence.)
    - ``cleanlab.filter.find_label_issues``: the labels that confident learning finds to be wrong.

    Where all known labels of a class are equal, confident learning does not apply: the self-confidence is not
    adjusted, and no label is found to be wrong.

    Args:
        probabilities: Probabilities of the positive label, of shape (E,).
        labels: Known labels, 1 or 0, of shape (E,).
        classes: Class of each element, of shape (E,).

    Returns:
        The quality of each label, in [0, 1], low if the label may be wrong, and whether confident learning
        finds it to be wrong, two arrays of shape (E,).

    Raises:
        ImportError: If cleanlab is missing.
    """
    try:
        from cleanlab.filter import find_label_issues
        from cleanlab.rank import get_label_quality_scores
    except ImportError as error:
        raise ImportError(
            "Package cleanlab must be installed for method='cleanlab'. Got no cleanlab instead. Install it "
            "with: pip install '.[suspects]' in the clone of mmpretrain_imbalance"
        ) from error
    quality = np.empty(len(labels), dtype=np.float64)
    is_issue = np.zeros(len(labels), dtype=bool)
    order = np.argsort(classes, kind="stable")
    for elements in np.split(order, np.flatnonzero(np.diff(classes[order])) + 1):
        if not len(elements):
            continue
        given = labels[elements].astype(np.int64)
        positive = probabilities[elements].astype(np.float64)
        both = np.stack([1 - positive, positive], axis=1)
        has_both = given.any() and not given.all()
        quality[elements] = get_label_quality_scores(given, both, adjust_pred_probs=bool(has_both))
        if has_both:
            with warnings.catch_warnings():  # of classes with a single positive or negative
                warnings.filterwarnings("ignore", "May not flag all label issues", UserWarning)
                is_issue[elements] = find_label_issues(given, both, n_jobs=1)
    return quality, is_issue
