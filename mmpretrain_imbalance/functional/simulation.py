"""Simulation of partial labels from full labels, with the protocols of published comparisons."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..utils.argument_checks import check_choice, check_integer
from .labels import NEGATIVE, POSITIVE, UNKNOWN


def simulate_partial_labels(
    labels: np.ndarray,
    protocol: str,
    *,
    seed: int,
    probability: float | None = None,
    num_labels: int | None = None,
    known_label_ratio: float | None = None,
    sample_ids: np.ndarray | None = None,
) -> np.ndarray:
    r"""Replace known labels by unknown ones (or, for ``'drop_positives'``, positives by negatives).

    Each element has a random number :math:`u_{nc} \in [0, 1)`, which is a hash of the seed, the sample id and
    the class. It is the same in every worker, rank, epoch and subset. Unknown labels stay unknown.

    - ``'rps'``, random per sample: a label becomes unknown if :math:`u_{nc} < p`.
    - ``'fpc'``, fixed per class: each class keeps the ``num_labels`` positives and the ``num_labels``
      negatives with the smallest :math:`u`, or all of them if it has fewer.
    - ``'single_positive'``: each sample keeps one positive and no other label.
    - ``'n_per_image'``: each sample keeps ``num_labels`` positives and ``num_labels`` negatives, or all of
      them if it has fewer.
    - ``'known_label_ratio'``: each sample keeps this fraction of its known labels. The number is rounded to
      the nearest integer, halves up.
    - ``'drop_positives'``: a positive becomes NEGATIVE if :math:`u_{nc} < p`; no label becomes unknown.

    Source: RPS and FPC are those of Ben-Baruch et al., CVPR 2022 (arXiv 2110.10955), single positive is that
    of Cole et al., CVPR 2021 (arXiv 2106.09708), and known-label ratio is that of Durand et al., CVPR 2019
    (arXiv 1902.09720).

    Args:
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        protocol: One of the names above.
        seed: Seed of the random numbers. To simulate on the labels of an earlier simulation, use another
            seed; the same seed gives the same random numbers.
        probability: Probability p that a label is removed, for ``'rps'`` and ``'drop_positives'``.
        num_labels: Number of positives, and of negatives, to keep, for ``'fpc'`` and ``'n_per_image'``.
        known_label_ratio: Fraction of labels to keep, for ``'known_label_ratio'``.
        sample_ids: Id of each sample, of shape (N,); ``None`` for 0 to N - 1.

    Returns:
        The new labels, int8, of shape (N, C).

    Raises:
        ValueError: If the protocol is unknown, its argument is missing or out of range, an argument of
            another protocol is given, or a label is not 1, 0 or -1.

    Example:
        >>> simulate_partial_labels(np.array([[1, 0, 1], [0, 0, 1]]), 'single_positive', seed=1)
        array([[-1, -1,  1],
               [-1, -1,  1]], dtype=int8)
    """
    amount = protocol_amount(protocol, probability, num_labels, known_label_ratio, "simulate_partial_labels")
    check_integer("simulate_partial_labels", seed=seed)
    labels = np.asarray(labels)
    if labels.ndim != 2 or not np.isin(labels, (POSITIVE, NEGATIVE, UNKNOWN)).all():
        raise ValueError(
            "The 'labels' argument of simulate_partial_labels must be 1 (positive), 0 (negative) or -1 "
            "(unknown) in every element, of shape (N, C). Got the shape "
            f"{labels.shape} with the values {np.unique(labels)[:8].tolist()} instead."
        )
    ids = np.arange(len(labels)) if sample_ids is None else np.asarray(sample_ids)
    result = np.full(labels.shape, UNKNOWN, dtype=np.int8)
    samples, classes = np.nonzero(labels != UNKNOWN)
    values = labels[samples, classes].astype(np.int8)
    result[samples, classes] = simulate_elements(ids[samples], classes, values, protocol, amount, seed)
    return result


def simulate_elements(
    sample_ids: np.ndarray,
    classes: np.ndarray,
    values: np.ndarray,
    protocol: str,
    amount: float | None,
    seed: int,
) -> np.ndarray:
    """Apply a protocol to a list of known labels; see :func:`simulate_partial_labels`.

    The list must hold all labels of a sample, or for ``'fpc'`` all labels of a class. For ``'fpc'``, labels
    that a call on a part of the list has removed may be left out, so that a long list can be processed in
    parts.

    Args:
        sample_ids: Id of the sample of each label, of shape (E,).
        classes: Class index of each label, of shape (E,).
        values: 1 or 0, of shape (E,).
        protocol: Name of the protocol.
        amount: The value returned by ``protocol_amount``.
        seed: Seed of the random numbers.

    Returns:
        The new labels 1, 0 or -1, int8, of shape (E,).
    """
    limit = 1 if amount is None else amount  # 'single_positive' has no argument
    numbers = element_random_numbers(sample_ids, classes, seed)
    if protocol == "drop_positives":
        return np.where((values == POSITIVE) & (numbers < limit), NEGATIVE, values).astype(np.int8)
    if protocol == "rps":
        keep = numbers >= limit
    elif protocol == "fpc":
        keep = _smallest_of_group(classes.astype(np.int64) * 2 + values, numbers, limit)
    elif protocol == "n_per_image":
        keep = _smallest_of_group(sample_ids.astype(np.int64) * 2 + values, numbers, limit)
    elif protocol == "known_label_ratio":
        keep = _smallest_of_group(sample_ids, numbers, lambda sizes: np.floor(limit * sizes + 0.5))
    else:  # single_positive
        keep = np.zeros(len(values), dtype=bool)
        positive = np.flatnonzero(values == POSITIVE)
        keep[positive] = _smallest_of_group(sample_ids[positive], numbers[positive], limit)
    return np.where(keep, values, UNKNOWN).astype(np.int8)


def element_random_numbers(sample_ids: np.ndarray, classes: np.ndarray, seed: int) -> np.ndarray:
    """Compute a random number for each pair of sample and class, as a function of both and the seed.

    Args:
        sample_ids: Integers, of shape (E,).
        classes: Integers, of shape (E,).
        seed: An integer.

    Returns:
        Numbers in [0, 1), float64, of shape (E,).
    """
    state = _scramble(np.asarray([int(seed) % 2**64], dtype=np.uint64))
    state = _scramble(state ^ np.asarray(sample_ids).astype(np.uint64))
    state = _scramble(state ^ np.asarray(classes).astype(np.uint64))
    numbers: np.ndarray = (state >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return numbers


def _smallest_of_group(
    groups: np.ndarray, numbers: np.ndarray, limit: float | Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Choose the ``limit`` elements of each group with the smallest numbers."""
    order = np.lexsort((numbers, groups))
    _, starts, sizes = np.unique(groups[order], return_index=True, return_counts=True)
    rank = np.arange(len(groups)) - np.repeat(starts, sizes)
    keep = np.empty(len(groups), dtype=bool)
    keep[order] = rank < (np.repeat(limit(sizes), sizes) if callable(limit) else limit)
    return keep


def _scramble(numbers: np.ndarray) -> np.ndarray:
    """Map 64-bit integers one to one with the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014)."""
    numbers = numbers + np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    scrambled: np.ndarray = numbers ^ (numbers >> np.uint64(31))
    return scrambled


# Each protocol, and the argument that defines how much it removes or keeps.
PROTOCOLS = {
    "rps": "probability",
    "fpc": "num_labels",
    "single_positive": None,
    "n_per_image": "num_labels",
    "known_label_ratio": "known_label_ratio",
    "drop_positives": "probability",
}


def protocol_amount(
    protocol: str,
    probability: float | None,
    num_labels: int | None,
    known_label_ratio: float | None,
    caller: str,
) -> float | None:
    """Validate the arguments of a protocol and return the one that it uses.

    Args:
        protocol: Name of the protocol.
        probability: Probability that a label is removed.
        num_labels: Number of positives, and of negatives, to keep.
        known_label_ratio: Fraction of labels to keep.
        caller: Name of the function or class whose arguments these are, for the messages.

    Returns:
        The value of the argument that ``protocol`` uses; ``None`` if it uses no argument.

    Raises:
        ValueError: If the protocol is unknown, its argument is missing or out of range, or an argument of
            another protocol is given.
    """
    check_choice(caller, tuple(PROTOCOLS), protocol=protocol)
    given = {"probability": probability, "num_labels": num_labels, "known_label_ratio": known_label_ratio}
    used = PROTOCOLS[protocol]
    for name, value in given.items():
        if name != used and value is not None:
            raise ValueError(
                f"The '{name}' argument of {caller} must be left out for the protocol {protocol!r}. Got "
                f"{value!r} instead."
            )
    if used is None:
        return None
    value = given[used]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        is_valid = value >= 1 and value == int(value) if used == "num_labels" else 0 <= value <= 1
        if is_valid:
            return value
    expected = "an integer of at least 1" if used == "num_labels" else "a number from 0 to 1"
    raise ValueError(
        f"The '{used}' argument of {caller} must be {expected} for the protocol {protocol!r}. Got {value!r} "
        "instead."
    )
