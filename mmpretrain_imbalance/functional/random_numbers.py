"""Random numbers that are a function of a key and their place: equal in eager, compiled and resumed runs."""

from __future__ import annotations

import torch
from torch import Tensor

_BITS = 32
_MASK = 2**_BITS - 1
# Odd factors below 2^31: no product of 32-bit numbers with them leaves the range of int64.
_FACTORS = (0x7FEB352D, 0x31848BAB)


def random_numbers(key: Tensor | int, num_rows: int, num_columns: int, device: torch.device | str) -> Tensor:
    r"""Evenly distributed int32, independent by row and column.

    Each is a function of (key, row, column) alone, in integer tensor operations: there is no generator with
    a state, and nothing is read from the device. With the hash :math:`s` of :func:`scramble`, rows and
    columns are hashed by themselves, and each element joins both by two products, which wrap around in int32:

    .. math:: u_{nc} = \big(v \oplus \lfloor v / 2^{15} \rfloor\big) K_2, \quad
              v = \big(s(key + n) \oplus s'(c)\big) K_1

    They are made to be compared, with each other or with a :func:`chance`: the lowest ten bits, which hardly
    matter there, repeat between rows and columns.

    Args:
        key: Which table, in :math:`[0, 2^{32})`; keys closer than N share rows.
        num_rows: Number of rows N.
        num_columns: Number of columns C.
        device: Where the table is made.

    Returns:
        int32, of shape (N, C).

    Example:
        >>> first, again, other = (random_numbers(key, 2, 3, "cpu") for key in (5, 5, 999))
        >>> bool((first == again).all()), bool((first == other).any())
        (True, False)
    """
    rows = (torch.arange(num_rows, device=device) + key) & _MASK
    columns = torch.arange(num_columns, device=device) ^ 0x5BD1E995
    rows, columns = _as_int32(scramble(torch.cat([rows, columns]))).split([num_rows, num_columns])
    values = (rows[:, None] ^ columns).mul_(_FACTORS[0])
    return values.bitwise_xor_(values >> 15).mul_(_FACTORS[1])


def scramble(values: Tensor) -> Tensor:
    r"""Map whole numbers one to one to others that look random, in 32 bits.

    Products and shifts alternate, as in every integer hash.

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
    r"""The border below which a number of :func:`random_numbers` is with this probability.

    Args:
        probability: In [0, 1], of any shape.

    Returns:
        int32, of the same shape. The probability is exact to :math:`2^{-32}`, and at 0.

    Example:
        >>> chance(torch.tensor([0.0, 0.5, 1.0])).tolist()
        [-2147483648, 0, 2147483647]
    """
    return ((probability.double() * 2**_BITS).long().clamp(max=_MASK) - 2 ** (_BITS - 1)).to(torch.int32)


def _as_int32(values: Tensor) -> Tensor:
    return (values - 2 ** (_BITS - 1)).to(torch.int32)
