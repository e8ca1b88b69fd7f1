"""Sorting for GPU tensors, tested on the CPU: the ranking and all metrics equal those of numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from mmpretrain_imbalance.functional import auroc, average_precision, pooled_average_precision
from mmpretrain_imbalance.functional.metrics import ranked_tensors
from mmpretrain_imbalance.functional.metrics.known_elements import known_elements
from mmpretrain_imbalance.functional.metrics.ranked_elements import rank_elements
from mmpretrain_imbalance.functional.metrics.ranked_tensors import rank_tensors
from tests.functional.partial_tables import flat, partial_tables


@pytest.fixture
def sorted_by_torch(monkeypatch):
    """Treat all tensors as GPU tensors, and sort at most eight elements at once."""
    monkeypatch.setattr(ranked_tensors, "_is_on_gpu", lambda values: isinstance(values, torch.Tensor))
    monkeypatch.setattr(ranked_tensors, "_CHUNK", 8)


def tensors(*arrays: np.ndarray) -> list[torch.Tensor]:
    return [torch.from_numpy(np.asarray(array)) for array in arrays]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("chunk", [1, 8, 1 << 20])
def test_ranking_equals_numpy(dtype, chunk, monkeypatch) -> None:
    monkeypatch.setattr(ranked_tensors, "_CHUNK", chunk)

    @settings(max_examples=30)
    @given(partial_tables(dtype=dtype))
    def check(tables) -> None:
        expected = rank_elements(known_elements(*tables))
        scores, labels, classes, _ = flat(*tables)
        num_classes = tables[0].shape[1]
        for ranked in (
            rank_tensors(*tensors(*tables)),
            rank_tensors(*tensors(scores, labels, classes), num_classes=num_classes),
        ):
            assert ranked.scores.dtype == expected.scores.dtype
            np.testing.assert_array_equal(ranked.scores, expected.scores)
            np.testing.assert_array_equal(ranked.bounds, expected.bounds)
            rows = zip(
                np.repeat(np.arange(num_classes), np.diff(ranked.bounds)), ranked.scores, ranked.positive
            )
            assert sorted(rows) == sorted(zip(classes, scores, labels == 1))

    check()


@pytest.mark.parametrize("metric", [average_precision, auroc, pooled_average_precision])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_metrics_are_equal_bit_for_bit(metric, dtype, sorted_by_torch) -> None:
    @settings(max_examples=30)
    @given(partial_tables(dtype=dtype))
    def check(tables) -> None:
        classes = {} if metric is pooled_average_precision else dict(num_classes=tables[0].shape[1])
        elements = flat(*tables)[:3]
        np.testing.assert_array_equal(metric(*tensors(*tables)), metric(*tables))
        np.testing.assert_array_equal(metric(*tensors(*elements), **classes), metric(*elements, **classes))

    check()


def test_many_elements_in_several_chunks(sorted_by_torch, monkeypatch) -> None:
    monkeypatch.setattr(ranked_tensors, "_CHUNK", 7000)
    generator = np.random.default_rng(0)
    scores = np.round(generator.random((1000, 20), dtype=np.float32), 2)
    labels = generator.integers(-1, 2, scores.shape)
    np.testing.assert_array_equal(
        average_precision(*tensors(scores, labels)), average_precision(scores, labels)
    )


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.bfloat16])
def test_scores_of_other_types(dtype, sorted_by_torch) -> None:
    scores, labels = torch.tensor([[0, 1], [1, 1], [0, 0]]).to(dtype), torch.tensor([[0, 1], [1, 0], [-1, 0]])
    expected = average_precision(scores.double().numpy(), labels.numpy())
    np.testing.assert_array_equal(
        average_precision(scores.requires_grad_(dtype.is_floating_point), labels), expected
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0.5, float("nan")]], [[0, 1]]), "'scores' argument of average_precision .* at sample 0, class 1"),
        (([[0.5, 0.1]], [[0, 3]]), "'labels' argument of average_precision .* Got 3 at sample 0, class 1"),
        (([[0.5, 0.1]], [[0]]), r"'labels' argument .* shape of the scores, \(1, 2\). Got \(1, 1\)"),
        (([0.5, 0.1], [0, 1]), "'scores' argument of average_precision must have the shape"),
        (([0.5, 0.1], [0, 1], [0, -1]), "class indices from 0 to 0. Got -1 at element 1"),
        (([0.5, 0.1], [0, 1], [0.0, 1.0]), "'classes' argument of average_precision must be 2 integers"),
        (([0.5, 0.1], [0, 2], [0, 1]), "Got 2 at element 1"),
    ],
)
def test_invalid_inputs_raise_the_same_errors(arguments, message, sorted_by_torch) -> None:
    with pytest.raises(ValueError, match=message):
        average_precision(*(torch.tensor(values) for values in arguments))


def test_empty_inputs(sorted_by_torch) -> None:
    for shape in ((0, 3), (4, 0)):
        found = average_precision(torch.zeros(shape), torch.zeros(shape))
        np.testing.assert_array_equal(found, np.full(shape[1], np.nan))
    empty = torch.zeros(0), torch.zeros(0), torch.zeros(0, dtype=torch.int64)
    np.testing.assert_array_equal(average_precision(*empty, num_classes=2), [np.nan, np.nan])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_gpu_equals_cpu(dtype, monkeypatch) -> None:
    monkeypatch.setattr(ranked_tensors, "_CHUNK", 1 << 16)
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(5000, 40, generator=generator).to(dtype)
    scores[::3] = scores[::3].round()  # ties, and both zeros
    labels = torch.randint(-1, 2, scores.shape, generator=generator)
    known = labels != -1
    classes = known.nonzero()[:, 1]
    for metric in (average_precision, auroc, pooled_average_precision):
        expected = metric(scores, labels)
        np.testing.assert_array_equal(metric(scores.cuda(), labels.cuda()), expected)
        elements = (scores[known], labels[known], classes)
        np.testing.assert_array_equal(metric(*(values.cuda() for values in elements)), metric(*elements))
