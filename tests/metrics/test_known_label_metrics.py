"""Metrics with update and compute, compared with torchmetrics and scikit-learn."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from torchmetrics.classification import (
    MultilabelAUROC,
    MultilabelAveragePrecision,
    MultilabelF1Score,
    MultilabelPrecision,
    MultilabelRecall,
)

from mmpretrain_imbalance.metrics import (
    KnownLabelAUROC,
    KnownLabelAveragePrecision,
    KnownLabelF1Score,
    KnownLabelPrecision,
    KnownLabelRecall,
)
from tests.processes import run_ranks

PAIRS = {
    KnownLabelAveragePrecision: MultilabelAveragePrecision,
    KnownLabelAUROC: MultilabelAUROC,
    KnownLabelF1Score: MultilabelF1Score,
    KnownLabelPrecision: MultilabelPrecision,
    KnownLabelRecall: MultilabelRecall,
}
OURS = list(PAIRS)
AVERAGES = ("macro", "micro", "weighted", "none", None)


def batch(seed: int = 0, num_samples: int = 60, num_labels: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    """Return scores with ties, and labels of which a third are unknown; each class has both labels."""
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand(num_samples, num_labels, generator=generator).mul(20).round().div(20)
    labels = torch.randint(-1, 2, (num_samples, num_labels), generator=generator)
    return scores, labels


def name(value) -> str:
    return value.__name__ if isinstance(value, type) else str(value)


@pytest.mark.parametrize("average", AVERAGES, ids=str)
@pytest.mark.parametrize("ours", OURS, ids=name)
def test_batches_give_the_value_of_torchmetrics(ours, average) -> None:
    scores, labels = batch()
    # No score equals the threshold, at which the conventions differ.
    scores = torch.where(scores == 0.5, 0.51, scores)
    metric, theirs = ours(4, average=average), PAIRS[ours](4, average=average, ignore_index=-1)
    for start in range(0, 60, 25):
        part = slice(start, start + 25)
        torch.testing.assert_close(
            metric(scores[part], labels[part]), ours(4, average=average)(scores[part], labels[part])
        )
        theirs.update(scores[part], labels[part])
    torch.testing.assert_close(metric.compute(), theirs.compute())
    torch.testing.assert_close(metric.compute(), metric.compute())
    metric.reset()
    metric.update(scores[:30], labels[:30])
    theirs.reset()
    theirs.update(scores[:30], labels[:30])
    torch.testing.assert_close(metric.compute(), theirs.compute())


@pytest.mark.parametrize("ours", OURS, ids=name)
def test_other_labels_of_unknown_elements(ours) -> None:
    scores, labels = batch(1)
    expected = ours(4)(scores, labels)
    torch.testing.assert_close(ours(4, ignore_index=255)(scores, labels % 256), expected)
    known = labels.abs()
    theirs = PAIRS[ours](4)
    scores = torch.where(scores == 0.5, 0.51, scores)
    torch.testing.assert_close(ours(4, ignore_index=None)(scores, known), theirs(scores, known))


def test_conventions_that_differ_from_torchmetrics() -> None:
    """Classes: both labels, known positives only, known negatives only, nothing known."""
    scores = torch.tensor([[0.9, 0.3, 0.7, 0.5], [0.4, 0.6, 0.2, 0.6], [0.1, 0.2, 0.3, 0.4]])
    labels = torch.tensor([[1, 1, 0, -1], [0, 1, 0, -1], [1, 1, 0, -1]])
    nan = float("nan")
    for ours, expected, theirs in [
        (KnownLabelAveragePrecision, [5 / 6, nan, nan, nan], [5 / 6, 1, 0]),
        (KnownLabelAUROC, [0.5, nan, nan, nan], [0.5, 0, 0]),
        (KnownLabelF1Score, [2 / 3, 0.5, nan, nan], [2 / 3, 0.5, 0]),
        (KnownLabelPrecision, [1, 1, nan, nan], [1, 1, 0]),
        (KnownLabelRecall, [0.5, 1 / 3, nan, nan], [0.5, 1 / 3, 0]),
    ]:
        found = ours(4, average=None)(scores, labels)
        torch.testing.assert_close(found, torch.tensor(expected), equal_nan=True)
        torch.testing.assert_close(ours(4)(scores, labels).item(), np.nanmean(expected))
        # torchmetrics raises an IndexError in ranking metrics for a class without any known label.
        reference = PAIRS[ours](3, average=None, ignore_index=-1)(scores[:, :3], labels[:, :3])
        torch.testing.assert_close(reference, torch.tensor(theirs, dtype=torch.float32))
    # A score equal to the threshold is predicted.
    half, positive = torch.tensor([[0.5, 0.5]]), torch.tensor([[1, 1]])
    assert KnownLabelRecall(2)(half, positive) == 1
    assert MultilabelRecall(2)(half, positive) == 0


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
def test_thresholds_per_class_agree_with_scikit_learn(average) -> None:
    scores, labels = batch(2)
    thresholds = [0.15, 0.5, 0.7, 0.9]
    predicted = (scores.double() >= torch.tensor(thresholds) - 1e-6).int()
    # Unknown elements become correct negatives, which F1 does not count.
    truth, counted = (np.where(labels == -1, 0, values) for values in (labels, predicted))
    expected = f1_score(truth, counted, average=average)
    found = KnownLabelF1Score(4, threshold=thresholds, average=average)(scores, labels)
    torch.testing.assert_close(found.item(), expected, atol=1e-6, rtol=0)
    found = KnownLabelF1Score(4, threshold=torch.tensor(thresholds), average=average)(scores, labels)
    torch.testing.assert_close(found.item(), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize("ours", OURS, ids=name)
def test_other_precisions_and_inputs(ours, dtype) -> None:
    scores, labels = batch(3)
    scores = scores.to(dtype)
    expected = ours(4, average=None)(scores.float(), labels)
    for given_scores, given_labels in [
        (scores, labels),
        (scores.requires_grad_(), labels.to(dtype)),
        (scores.detach().float().numpy(), labels.numpy()),
        (scores.tolist(), labels.tolist()),
    ]:
        before = copy.deepcopy((given_scores, given_labels))
        found = ours(4, average=None)(given_scores, given_labels)
        torch.testing.assert_close(found, expected)
        assert str(before) == str((given_scores, given_labels))


@pytest.mark.parametrize("ours", OURS, ids=name)
def test_a_pickled_metric_continues(ours) -> None:
    scores, labels = batch(4)
    metric = ours(4)
    metric.update(scores[:20], labels[:20])
    for copied in (pickle.loads(pickle.dumps(metric)), copy.deepcopy(metric)):
        copied.update(scores[20:], labels[20:])
        torch.testing.assert_close(copied.compute(), ours(4)(scores, labels))
    torch.testing.assert_close(metric.compute(), ours(4)(scores[:20], labels[:20]))
    assert repr(metric) == f"{ours.__name__}(num_labels=4, average='macro')"


def values_of_rank(splits: list[list[int]]) -> list[list[float]]:
    """Compute metrics on all ranks, where this rank has a part of the samples; for several such splits."""
    torch.distributed.init_process_group("gloo")
    rank = torch.distributed.get_rank()
    values = []
    for sizes in splits:
        scores, labels = (tensor.split(sizes)[rank] for tensor in batch(5))
        metrics = [ours(4, average=average) for ours in OURS for average in ("macro", "micro")]
        for metric in metrics:
            for start in range(0, len(scores), 16):
                metric.update(scores[start : start + 16], labels[start : start + 16])
        values.append([metric.compute().item() for metric in metrics])
    return values


def test_two_ranks_give_the_value_of_one() -> None:
    expected = [ours(4, average=average)(*batch(5)).item() for ours in OURS for average in ("macro", "micro")]
    for found in run_ranks(values_of_rank, 2, [[35, 25], [60, 0]]):
        np.testing.assert_allclose(found, [expected, expected], rtol=1e-6)


def test_without_any_batch_the_value_is_nan() -> None:
    for ours in OURS:
        for average in ("macro", "micro", "weighted"):
            assert ours(3, average=average).compute().isnan()
        assert ours(3, average=None).compute().isnan().tolist() == [True] * 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: KnownLabelF1Score(0), "'num_labels' argument of KnownLabelF1Score must be an integer of at"),
        (lambda: KnownLabelF1Score(2, average="samples"), "'average' argument .* one of 'macro', 'micro'"),
        (lambda: KnownLabelF1Score(2, ignore_index=0), "'ignore_index' argument .* Got 0 instead"),
        (lambda: KnownLabelF1Score(2, [0.5] * 3), r"each of the 2 classes. Got the shape \(3,\) instead"),
        (lambda: KnownLabelF1Score(2, [0.5, 1.5]), "'threshold' argument .* from 0 to 1. Got 1.5 instead"),
        (lambda: KnownLabelAUROC(2, thresholds=100), "'thresholds' argument of KnownLabelAUROC must be None"),
        (lambda: KnownLabelAUROC(2)([[0.5]], [[1]]), r"shape \(N, 2\). Got \(1, 1\) instead"),
        (lambda: KnownLabelAUROC(1)([[0.5]], [1]), r"shape of 'preds', \(1, 1\). Got \(1,\) instead"),
        (
            lambda: KnownLabelAUROC(1)([[0.5], [0.1]], [[1], [2]]),
            r"'target' argument .* 0 \(negative\) or -1 \(unknown\) .* Got 2 at sample 1, class 0 instead",
        ),
        (
            lambda: KnownLabelAUROC(1, ignore_index=255)([[0.5]], [[-1]]),
            r"or 255 \(unknown\) in every element. Got -1 at sample 0",
        ),
        (lambda: KnownLabelAUROC(1)([[np.nan]], [[1]]), "'preds' argument .* not NaN"),
        (
            lambda: KnownLabelF1Score(1)([[-3.0]], [[1]]),
            r"from 0 to 1 \(of logits, logits.sigmoid\(\)\). Got -3 at sample 0, class 0 instead",
        ),
    ],
)
def test_wrong_arguments_raise(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_the_score_of_an_unknown_element_may_be_nan() -> None:
    for ours in OURS:
        found = ours(1)([[0.9], [0.1], [np.nan]], [[1], [0], [-1]])
        assert found == 1
