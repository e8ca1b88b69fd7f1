"""Partial labels made from full ones: the protocols by which methods for partial labels are compared."""

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
    r"""Turn known labels into unknown ones (or, for ``'drop_positives'``, positives into negatives).

    Each element has one number :math:`u_{nc} \in [0, 1)`, a hash of the seed, the sample id and the class. It
    is the same in every worker, rank, epoch and subset. What is unknown stays unknown.

    - ``'rps'``, random per sample: unknown where :math:`u_{nc} < p`.
    - ``'fpc'``, fixed per class: each class keeps the ``num_labels`` positives and as many negatives with the
      smallest :math:`u`, or all of them where it has fewer.
    - ``'single_positive'``: each sample keeps one positive and nothing else.
    - ``'n_per_image'``: each sample keeps ``num_labels`` positives and as many negatives, or all it has.
    - ``'known_label_ratio'``: each sample keeps this share of its known labels, rounded to the nearest whole
      number, halves up.
    - ``'drop_positives'``: a positive is NEGATIVE where :math:`u_{nc} < p`; nothing becomes unknown.

    Source: RPS and FPC of Ben-Baruch et al., CVPR 2022 (arXiv 2110.10955); single positive of Cole et al.,
        CVPR 2021
    (arXiv 2106.09708); known-label ratio of Durand et al., CVPR 2019 (arXiv 1902.09720).

    Args:
        labels: 1 positive, 0 negative, -1 unknown, of shape (N, C).
        protocol: One of the names above.
        seed: Another seed gives other labels. Give a second call, on the labels of a first one, another seed:
            with the same it would draw the same numbers.
        probability: Chance p that an element is removed, for ``'rps'`` and ``'drop_positives'``.
        num_labels: Positives, and negatives, to keep, for ``'fpc'`` and ``'n_per_image'``.
        known_label_ratio: Share to keep, for ``'known_label_ratio'``.
        sample_ids: Identity of each sample, of shape (N,). Absent: 0 .. N - 1.

    Returns:
        The new labels, int8 of shape (N, C).

    Raises:
        ValueError: If the protocol is unknown, its argument missing, out of range or that of another
            protocol, or a label is none of 1, 0 and -1.

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
            "The 'labels' argument of simulate_partial_labels must be a table (N, C) of 1 (positive), 0 "
            "(negative) and -1 "
            f"(unknown). Got shape {labels.shape} with values {np.unique(labels)[:8].tolist()} instead."
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

    All labels of a sample must be in the list, for ``'fpc'`` all of a class. (For ``'fpc'`` it is enough that
    those are there which an earlier call on a part of the list has kept: a huge table can be gone through in
    parts.)

    Args:
        sample_ids: Identity of the sample of each label, of shape (E,).
        classes: Class of each label, of shape (E,).
        values: 1 or 0, of shape (E,).
        protocol: Name of the protocol.
        amount: What :func:`protocol_amount` returned.
        seed: Another seed gives other labels.

    Returns:
        The new labels 1, 0 or -1, int8 of shape (E,).
    """
    draws = element_draws(sample_ids, classes, seed)
    if protocol == "drop_positives":
        return np.where((values == POSITIVE) & (draws < amount), NEGATIVE, values).astype(np.int8)
    if protocol == "rps":
        keep = draws >= amount
    elif protocol == "fpc":
        keep = _smallest_of_group(classes.astype(np.int64) * 2 + values, draws, amount)
    elif protocol == "n_per_image":
        keep = _smallest_of_group(sample_ids.astype(np.int64) * 2 + values, draws, amount)
    elif protocol == "known_label_ratio":
        keep = _smallest_of_group(sample_ids, draws, lambda sizes: np.floor(amount * sizes + 0.5))
    else:  # single_positive
        keep = np.zeros(len(values), dtype=bool)
        positive = np.flatnonzero(values == POSITIVE)
        keep[positive] = _smallest_of_group(sample_ids[positive], draws[positive], 1)
    return np.where(keep, values, UNKNOWN).astype(np.int8)


def element_draws(sample_ids: np.ndarray, classes: np.ndarray, seed: int) -> np.ndarray:
    """Draw one number for each (sample, class), which depends on nothing but these and the seed.

    Args:
        sample_ids: Whole numbers, of shape (E,).
        classes: Whole numbers, of shape (E,).
        seed: A whole number.

    Returns:
        Numbers in [0, 1), float64 of shape (E,).
    """
    state = _scramble(np.asarray([int(seed) % 2**64], dtype=np.uint64))
    state = _scramble(state ^ np.asarray(sample_ids).astype(np.uint64))
    state = _scramble(state ^ np.asarray(classes).astype(np.uint64))
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _smallest_of_group(
    groups: np.ndarray, draws: np.ndarray, limit: float | Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Choose the ``limit`` elements of each group with the smallest draws."""
    order = np.lexsort((draws, groups))
    _, starts, sizes = np.unique(groups[order], return_index=True, return_counts=True)
    rank = np.arange(len(groups)) - np.repeat(starts, sizes)
    keep = np.empty(len(groups), dtype=bool)
    keep[order] = rank < (np.repeat(limit(sizes), sizes) if callable(limit) else limit)
    return keep


def _scramble(numbers: np.ndarray) -> np.ndarray:
    """Map 64-bit numbers one to one: the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014)."""
    numbers = numbers + np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


# Each protocol, and the argument that says how much it removes or keeps.
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
    """Check the arguments of a protocol and pick the one it uses.

    Args:
        protocol: Name of the protocol.
        probability: Chance that an element is removed.
        num_labels: Positives, and negatives, to keep.
        known_label_ratio: Share to keep.
        caller: The function or class to name in an error.

    Returns:
        The value of the argument that ``protocol`` uses, ``None`` where it uses none.

    Raises:
        ValueError: If the protocol is unknown, or an argument is missing, out of range or that of another
            protocol.
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
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if used == "num_labels" and not (is_number and value >= 1 and value == int(value)):
        expected = "a whole number of at least 1"
    elif used != "num_labels" and not (is_number and 0 <= value <= 1):
        expected = "a number from 0 to 1"
    else:
        return value
    raise ValueError(
        f"The '{used}' argument of {caller} must be {expected} for the protocol {protocol!r}. Got {value!r} "
        "instead."
    )
