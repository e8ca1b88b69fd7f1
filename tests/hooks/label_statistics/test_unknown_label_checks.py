"""Metrics of MMPretrain on validation data with unknown labels, and data sets that are not counted."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.runner.base_loop import BaseLoop
from mmpretrain.evaluation import AveragePrecision, MultiLabelMetric
from mmpretrain.registry import METRICS
from mmpretrain.structures import DataSample
from sklearn.metrics import average_precision_score
from torch import nn

from mmpretrain_imbalance.datasets import MultiDigits, SimulatePartialLabels, label_counts
from mmpretrain_imbalance.hooks.label_statistics.unknown_label_checks import (
    check_metrics_of_unknown,
    check_training_of_unknown,
)
from tests.integration.small_runs import prepared, small_config


class Loop(BaseLoop):
    """Validation loop with a data set and metrics."""

    def __init__(self, dataset, metrics) -> None:
        self.dataloader = SimpleNamespace(dataset=dataset)
        self.evaluator = SimpleNamespace(metrics=metrics)

    def run(self) -> None: ...


def runner_with(dataset, *metrics: dict):
    """Return a stand-in for a runner that has only a test loop; all its attributes are given here."""
    loop = Loop(dataset, [METRICS.build(metric) for metric in metrics])
    return SimpleNamespace(_train_loop=None, _val_loop=dict(), _test_loop=loop)


def partial(num_images: int) -> SimulatePartialLabels:
    """Return digits with half of the labels unknown; with few images some classes have no known positive."""
    return SimulatePartialLabels(MultiDigits(num_images=num_images), "rps", probability=0.5)


def test_a_class_without_a_known_positive_raises() -> None:
    dataset = partial(6)
    counts = label_counts(dataset)
    empty = np.flatnonzero((counts.positives == 0) & (counts.unknown > 0))
    assert 0 < len(empty) < 10
    for kind, ours in (
        ("AveragePrecision", "PartialLabelAveragePrecision"),
        ("VOCMultiLabelMetric", "PartialLabelMetric"),
    ):
        with pytest.raises(
            ValueError,
            match=rf"'test_evaluator' argument .* {len(empty)} of 10 classes of the test_dataloader have "
            rf"unknown labels and no known positive, such as class '{empty[0]}'. Got {kind} instead, .* "
            rf"Use dict\(type='{ours}'\) instead of it",
        ):
            check_metrics_of_unknown(runner_with(dataset, dict(type="PartialLabelMetric"), dict(type=kind)))
        check_metrics_of_unknown(runner_with(dataset, dict(type=ours)))
    check_metrics_of_unknown(runner_with(dataset, dict(type="MultiLabelMetric", average="micro")))


def test_metrics_of_mmpretrain_are_accepted_where_they_are_right() -> None:
    metrics = dict(type="AveragePrecision"), dict(type="MultiLabelMetric")
    check_metrics_of_unknown(runner_with(MultiDigits(num_images=2), *metrics))  # all labels are known
    check_metrics_of_unknown(runner_with(partial(2000), *metrics))  # a known positive in every class


def test_metrics_of_mmpretrain_leave_out_unknown_labels() -> None:
    """The reason why they are accepted if every class has a known positive."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(40, 3, generator=generator)
    labels = torch.randint(-1, 2, (40, 3), generator=generator)
    theirs = AveragePrecision.calculate(scores, labels, average=None)
    for column in range(3):
        known = labels[:, column] >= 0
        expected = average_precision_score(labels[known, column], scores[known, column])
        assert theirs[column] == pytest.approx(100 * expected)
    _, recall, _, support = MultiLabelMetric.calculate(scores, labels.clone(), average=None, thr=0.5)
    for column in range(3):
        known = labels[:, column] >= 0
        positives, found = labels[known, column] == 1, scores[known, column] >= 0.5
        assert support[column] == positives.sum()
        assert recall[column] == pytest.approx(100 * (positives & found).sum() / positives.sum())


def test_a_class_without_a_known_positive_counts_as_zero_in_mmpretrain() -> None:
    samples = [
        DataSample().set_pred_score(scores).set_gt_score(labels)
        for scores, labels in (([0.9, 0.5], [1.0, -1]), ([0.1, 0.5], [0.0, 0]))
    ]
    for metric, name in ((AveragePrecision(), "mAP"), (MultiLabelMetric(), "f1-score")):
        metric.process(None, [sample.to_dict() for sample in samples])
        assert metric.evaluate(2)[f"multi-label/{name}"] == pytest.approx(50)  # mean of 100 and 0


@pytest.mark.parametrize("readable", [True, False])
def test_data_that_cannot_be_counted_or_has_no_unknown_labels_is_not_checked(readable: bool) -> None:
    """The tools check every run, also with data sets whose labels take long to count or cannot be counted."""
    model = nn.Module()
    model.data_preprocessor = nn.Module()
    model.data_preprocessor.losses_are_checked = False
    dataset = MultiDigits(num_images=6) if readable else [1, 2]
    runner = SimpleNamespace(model=model, train_dataloader=SimpleNamespace(dataset=dataset))
    check_training_of_unknown(runner, has_statistics_hook=False)
    assert model.data_preprocessor.losses_are_checked == readable


def test_a_run_with_such_a_metric_ends_before_training(tmp_path) -> None:
    cfg = small_config(tmp_path / "run", loss=dict(type="PartialAsymmetricLoss"))
    cfg.val_dataloader.dataset = dict(
        type="SimulatePartialLabels",
        protocol="rps",
        probability=0.9,
        dataset=dict(cfg.val_dataloader.dataset, num_images=4),
    )
    cfg.val_evaluator = [dict(type="AveragePrecision")]
    with pytest.raises(ValueError, match="'val_evaluator' argument must have metrics that leave out classes"):
        prepared(cfg)


@pytest.mark.parametrize("kind", ["Accuracy", "ConfusionMatrix", "SingleLabelMetric"])
def test_a_metric_for_one_label_per_image_ends_a_run_before_training(tmp_path, kind: str) -> None:
    cfg = small_config(tmp_path / kind, loss=dict(type="PartialAsymmetricLoss"))
    cfg.val_evaluator = [dict(type="PartialLabelMetric"), dict(type=kind)]
    with pytest.raises(ValueError, match=f"'val_evaluator' argument .* several labels .* Got {kind} instead"):
        prepared(cfg)
