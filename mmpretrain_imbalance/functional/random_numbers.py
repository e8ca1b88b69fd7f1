"""Random numbers as a function of key, row and column: equal in eager, compiled and resumed runs."""

from __future__ import annotations

import torch
from torch import Tensor

_BITS = 32
_MASK = 2**_BITS - 1
_HALF = 1 << (_BITS - 1)
# Odd factors below 2^31: no product of 32-bit numbers with them leaves the range of int64.
_FACTORS = (0x7FEB352D, 0x31848BAB)


def random_numbers(key: Tensor | int, num_rows: int, num_columns: int, device: torch.device | str) -> Tensor:
    r"""Uniformly distributed int32 numbers, independent between rows and columns.

    Each number depends only on (key, row, column) and is computed by integer tensor operations. There is no
    generator with a state, and nothing is read from the device. Rows and columns are hashed separately with
    the hash :math:`s` of ``scramble``. Each element combines both hashes by two products, which wrap around
    in int32:

    .. math:: u_{nc} = \big(v \oplus \lfloor v / 2^{15} \rfloor\big) K_2, \quad
              v = \big(s(key + n) \oplus s'(c)\big) K_1

    The numbers are meant for comparisons with each other or with :func:`chance`. The lowest ten bits, which
    have almost no effect on comparisons, repeat between rows and columns.

    Args:
        key: Key of the matrix, in :math:`[0, 2^{32})`. Matrices whose keys differ by less than N have equal
            rows.
        num_rows: Number of rows N.
        num_columns: Number of columns C.
        device: Device of the result.

    Returns:
        Random numbers, int32, of shape (N, C).

    Example:
        >>> first, again, other = (random_numbers(key, 2, 3, "cpu") for key in (5, 5, 999))
        >>> bool((first == again).all()), bool((first == other).any())
        (True, False)
    """
    rows = (torch.arange(num_rows, device=device) + key) & _MASK
    columns = torch.arange(num_columns, device=device) ^ 0x5BD1E995
    rows, columns = torch.split(_as_int32(scramble(torch.cat([rows, columns]))), [num_rows, num_columns])
    values = (rows[:, None] ^ columns).mul_(_FACTORS[0])
    return values.bitwise_xor_(values >> 15).mul_(_FACTORS[1])


def scramble(values: Tensor) -> Tensor:
    r"""Map 32-bit integers one to one to pseudo-random 32-bit integers.

    Args:
        values: int64, in :math:`[0, 2^{32})`, of any shape.

    Returns:
        int64, in :math:`[0, 2^{32})`, of the same shape.

    Example:
        >>> scramble(torch.tensor([0, 1, 2]))
        tensor([         0,  774041739, 1548083479])
    """
    values = ((values ^ (values >> 16)) * _FACTORS[0]) & _MASK
    values = ((values ^ (values >> 15)) * _FACTORS[1]) & _MASK
    return values ^ (values >> 16)


def chance(probability: Tensor) -> Tensor:
    r"""Threshold below which a number of :func:`random_numbers` lies with the given probability.

    Args:
        probability: Probabilities in [0, 1], of any shape.

    Returns:
        Thresholds, int32, of the same shape. The probability is accurate to :math:`2^{-32}`, and exact for 0.

    Example:
        >>> chance(torch.tensor([0.0, 0.5, 1.0])).tolist()
        [-2147483648, 0, 2147483647]
    """
    return _as_int32((probability.double() * 2**_BITS).long().clamp(max=_MASK))


def _as_int32(values: Tensor) -> Tensor:
    return (values - _HALF).to(torch.int32)
