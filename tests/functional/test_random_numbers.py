"""Counter-based random numbers: formula, statistical tests, and equality in compiled code."""

from __future__ import annotations

import math
import shutil

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional.random_numbers import chance, random_numbers, scramble

WORDS = st.integers(0, 2**32 - 1)
KEYS = [0, 1, 12345, 2**31 + 7, 2**32 - 1]
#: Number added to the key for the next matrix of the same step, see ``LossState.random_table``.
NEXT_DRAW = 0x3C6EF35F
#: Numbers are compared with a threshold, where higher bits matter more. The last step is a product, whose
#: lowest bits repeat between rows.
HIGH_BITS = range(12, 32)
NEEDS_COMPILER = pytest.mark.skipif(shutil.which("g++") is None, reason="inductor needs a C++ compiler")


def multiplied(value: int, factor: int) -> int:
    assert value * factor < 2**63, "the product leaves the range of int64"
    return value * factor % 2**32


def scrambled(value: int) -> int:
    """The hash in Python integers."""
    value = multiplied(value ^ value >> 16, 0x7FEB352D)
    value = multiplied(value ^ value >> 15, 0x31848BAB)
    return value ^ value >> 16


def wrapped(value: int) -> int:
    """Wrap an integer to int32."""
    return (value + 2**31) % 2**32 - 2**31


def by_hand(key: int, row: int, column: int) -> int:
    """A random number of the matrix, in Python integers."""
    row, column = scrambled((key + row) % 2**32) - 2**31, scrambled(column ^ 0x5BD1E995) - 2**31
    value = wrapped((row ^ column) * 0x7FEB352D)
    return wrapped((value ^ value >> 15) * 0x31848BAB)


def words(*arguments) -> torch.Tensor:
    """Return random numbers from 0 to 2 ** 32 - 1."""
    return random_numbers(*arguments, "cpu").long() + 2**31


def signs(numbers: torch.Tensor, bit: int) -> torch.Tensor:
    """Return 1 or -1 for each value of a bit."""
    return 1 - 2 * (numbers >> bit & 1).double()


@example([0, 1, 2**16, 2**31, 2**32 - 1])
@given(st.lists(WORDS, min_size=1))
def test_hash_equals_python_integers(values):
    assert scramble(torch.tensor(values)).tolist() == [scrambled(value) for value in values]


@example(2**32 - 1, True)
@given(WORDS, st.booleans())
def test_random_numbers_equal_python_integers(key, as_tensor):
    table = random_numbers(torch.tensor(key) if as_tensor else key, 3, 40, "cpu")
    assert table.dtype == torch.int32
    assert table.tolist() == [[by_hand(key, n, c) for c in range(40)] for n in range(3)]


def test_the_hash_is_one_to_one():
    values = torch.arange(2**20)
    for start in (0, 2**31, 2**32 - 2**20):
        assert len(scramble(values + start).unique()) == len(values)


@pytest.mark.parametrize("key", KEYS)
def test_every_bit_and_byte_is_uniform(key):
    """The tolerance is 5 standard deviations of a fraction, and of chi-square with 255 degrees of freedom."""
    numbers = words(key, 512, 1024).flatten()
    for bit in range(32):
        assert abs(signs(numbers, bit).mean()) < 5 / math.sqrt(len(numbers)), bit
    expected = len(numbers) / 256
    for byte in range(4):
        counts = torch.bincount(numbers >> 8 * byte & 255, minlength=256).double()
        chi_square = ((counts - expected) ** 2 / expected).sum().item()
        assert abs(chi_square - 255) < 5 * math.sqrt(2 * 255), byte


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("shape", [(1, 100_000), (100_000, 1), (300, 300)], ids=str)
def test_largest_distance_from_the_uniform_distribution(key, shape):
    """Kolmogorov-Smirnov: the probability of such a distance or a larger one is 1 in 10,000."""
    numbers = words(key, *shape).flatten().double().sort().values / 2**32
    fractions = torch.arange(len(numbers) + 1).double() / len(numbers)
    distance = torch.maximum((fractions[1:] - numbers).max(), (numbers - fractions[:-1]).max()).item()
    assert distance < 2.225 / math.sqrt(len(numbers))


@pytest.mark.parametrize("key", KEYS)
def test_rows_and_columns_are_uncorrelated(key):
    """Return the largest correlation of all pairs, in standard deviations."""
    numbers = words(key, 256, 512)
    for bit in HIGH_BITS:
        table = signs(numbers, bit)
        for lines in (table, table.T):
            together = (lines @ lines.T / math.sqrt(lines.shape[1])).fill_diagonal_(0)
            # 2.6 million pairs of columns: the largest of so many normal random numbers is about 5.
            assert together.abs().max() < 6.5, bit


@pytest.mark.parametrize(
    ("probability", "largest", "spread"), [(0.5, 7.0, 0.025), (0.1, 8.5, 0.07), (0.01, 23.0, 0.25)]
)
@pytest.mark.parametrize("key", KEYS)
def test_selections_of_two_rows_are_independent(key, probability, largest, spread):
    """The tolerance is about 6 standard deviations of 60 matrices of torch's generator."""
    picked = random_numbers(key, 512, 512, "cpu") < chance(torch.tensor(probability))
    centered = (picked.double() - probability) / math.sqrt(probability * (1 - probability))
    assert abs(centered.mean()) < 5 / 512
    for lines in (centered, centered.T):
        together = (lines @ lines.T / math.sqrt(512)).fill_diagonal_(0)
        assert together.abs().max() < largest
        assert abs((together**2).mean() - 1) < spread
        for distance in (1, 2, 3, 8, 64):
            assert abs((lines[distance:] * lines[:-distance]).mean()) < 5.5 / 480


@pytest.mark.parametrize("key", KEYS)
def test_corners_of_rectangles_are_uncorrelated(key):
    """The XOR of row and column hashes could be visible in the product of four signs."""
    numbers = words(key, 384, 768)
    for bit in HIGH_BITS:
        table = signs(numbers, bit)
        for down in (1, 2, 3, 5, 8, 16, 64, 128, 256):
            pairs = table[down:] * table[:-down]
            for right in (1, 2, 3, 7, 8, 32, 128, 256, 512):
                corners = pairs[:, right:] * pairs[:, :-right]
                # 8,100 rectangles over all keys; a pair of opposite corners may occur twice, which increases
                # the deviation.
                assert abs(corners.mean()) < 6 / math.sqrt(corners.numel()), (bit, down, right)


def test_bits_of_a_number_are_uncorrelated():
    numbers = words(3, 512, 512).flatten()
    table = torch.stack([signs(numbers, bit) for bit in range(32)])
    together = (table @ table.T / math.sqrt(len(numbers))).fill_diagonal_(0)
    assert together.abs().max() < 5


@pytest.mark.parametrize("step", [512, NEXT_DRAW, 2**31])
def test_matrices_of_consecutive_keys_are_uncorrelated(step):
    first, second = (words((77 + i * step) % 2**32, 512, 512) for i in range(2))
    for bit in HIGH_BITS:
        one, other = signs(first, bit), signs(second, bit)
        assert abs((one * other).mean()) < 5 / 512, bit
        # Each row of the first matrix with each row of the second: 262,144 pairs.
        assert (one @ other.T / math.sqrt(512)).abs().max() < 6.5, bit
    assert (first == second).double().mean() < 1e-4


def test_matrices_of_close_keys_have_equal_rows_as_documented():
    first, second = (random_numbers(key, 8, 4, "cpu") for key in (100, 103))
    assert torch.equal(first[3:], second[:-3])
    assert not (first[:3, None] == second[None, -3:]).any()


def test_one_changed_bit_of_the_input_changes_half_of_the_output():
    """The tolerance for 32 x 32 pairs of bits is 8 standard deviations, plus a bias of the hash of 0.5%."""
    values = scramble(torch.arange(100_000))
    before = scramble(values)
    for bit in range(32):
        changed = before ^ scramble(values ^ 1 << bit)
        fractions = torch.stack([(changed >> other & 1).double().mean() for other in range(32)])
        assert (fractions - 0.5).abs().max() < 0.005 + 8 * 0.5 / math.sqrt(len(values)), bit


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["eager", pytest.param("inductor", marks=NEEDS_COMPILER)])
def test_compiled_numbers_are_the_same(backend):
    torch._dynamo.reset()

    def table(key):
        numbers = random_numbers(key, 33, 65, "cpu")
        return numbers, numbers < chance(torch.linspace(0, 1, 65))

    compiled = torch.compile(table, fullgraph=True, backend=backend)
    for key in KEYS:
        for found, expected in zip(compiled(torch.tensor(key)), table(key)):
            assert torch.equal(found, expected)


def test_threshold_of_a_probability_is_exact():
    probability = torch.tensor([0.0, 2**-32, 0.25, 0.5, 1 - 2**-24, 1.0])
    expected = [0, 1, 2**30, 2**31, 2**32 - 2**8, 2**32 - 1]  # the largest number is not below any threshold
    for dtype in (torch.float32, torch.float64):
        found = chance(probability.to(dtype))
        assert found.dtype == torch.int32
        assert found.tolist() == [border - 2**31 for border in expected]


def test_probabilities_zero_and_one():
    numbers = torch.tensor([-(2**31), -1, 0, 2**31 - 2, 2**31 - 1], dtype=torch.int32)
    assert not (numbers < chance(torch.tensor(0.0))).any()
    assert (numbers < chance(torch.tensor(0.5))).tolist() == [True, True, False, False, False]
    assert (numbers < chance(torch.tensor(1.0))).tolist() == [True, True, True, True, False]


@given(st.floats(0, 1))
def test_probability_is_accurate_to_the_last_bit(probability):
    border = chance(torch.tensor(probability, dtype=torch.float64)).item() + 2**31
    assert border == min(math.floor(probability * 2**32), 2**32 - 1)


@pytest.mark.parametrize(("num_rows", "num_columns"), [(0, 3), (3, 0), (0, 0)])
def test_empty_matrices(num_rows, num_columns):
    assert random_numbers(5, num_rows, num_columns, "cpu").shape == (num_rows, num_columns)
