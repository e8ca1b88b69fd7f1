"""Mean average precision of partial labels, against scikit-learn."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch
from mmpretrain.registry import METRICS
from sklearn.metrics import average_precision_score

from mmpretrain_imbalance.functional import class_groups
from mmpretrain_imbalance.hooks import LabelStatisticsHook
from mmpretrain_imbalance.metrics import DumpPredictions, PartialLabelAveragePrecision
from mmpretrain_imbalance.visualization import summarize_labels
from tests.metrics.samples import data_samples, evaluate, scores_and_labels


def class_average_precision(scores: torch.Tensor, labels: torch.Tensor) -> np.ndarray:
    values = [
        average_precision_score(label[label != -1], score[label != -1])
        for score, label in zip(scores.T.numpy(), labels.T.numpy())
    ]
    return 100 * np.array(values)


def test_means_equal_scikit_learn() -> None:
    scores, labels = scores_and_labels()
    counts = [300, 7, 0, 50]
    metrics = evaluate(
        PartialLabelAveragePrecision(counts, num_rarest=2, pooled=True), data_samples(scores, labels)
    )
    values, positives = class_average_precision(scores, labels), (labels == 1).sum(dim=0).numpy()
    known = labels != -1
    expected = {
        "mAP": values.mean(),
        "mAP_O": np.average(values, weights=positives),
        "num_classes_evaluated": 4.0,
        "mAP_pooled": 100 * average_precision_score(labels[known], scores[known]),
        "mAP_head": values[0],
        "mAP_middle": values[3],
        "mAP_tail": values[[1, 2]].mean(),
        "mAP_rarest": values[[1, 3]].mean(),
    }
    assert list(metrics) == list(expected)
    assert all(type(value) is float for value in metrics.values())
    np.testing.assert_allclose(list(metrics.values()), list(expected.values()), rtol=1e-12)


def test_by_default_the_rarest_are_three_and_there_is_no_list_of_classes() -> None:
    scores, labels = scores_and_labels()
    metrics = evaluate(PartialLabelAveragePrecision([300, 7, 9, 50]), data_samples(scores, labels))
    values = class_average_precision(scores, labels)
    assert metrics["mAP_rarest"] == pytest.approx(values[[1, 2, 3]].mean())
    assert "AP_classwise" not in metrics


def test_a_class_without_positives_or_negatives_is_excluded() -> None:
    scores, labels = scores_and_labels()
    labels[:, 1], labels[:, 2] = -1, labels[:, 2].clamp(max=0)
    metrics = evaluate(PartialLabelAveragePrecision([300, 7, 7, 300]), data_samples(scores, labels))
    assert metrics["mAP"] == pytest.approx(
        class_average_precision(scores[:, [0, 3]], labels[:, [0, 3]]).mean()
    )
    assert metrics["num_classes_evaluated"] == 2.0
    assert np.isnan(metrics["mAP_tail"])


def test_group_thresholds_in_descending_order_raise() -> None:
    message = (
        r"'group_thresholds' argument of PartialLabelAveragePrecision must be .* Got \(100, 20\) instead"
    )
    with pytest.raises(ValueError, match=message):
        PartialLabelAveragePrecision(group_thresholds=(100, 20))


@pytest.mark.parametrize(
    "component", [class_groups, summarize_labels, LabelStatisticsHook, PartialLabelAveragePrecision]
)
def test_all_components_have_the_same_default_thresholds(component) -> None:
    assert inspect.signature(component).parameters["group_thresholds"].default == (20, 100)


def test_thresholds_at_quantiles_of_the_classes() -> None:
    samples = data_samples(*scores_and_labels())
    by_quantile = evaluate(PartialLabelAveragePrecision([1, 2, 3, 4], group_quantiles=(0.3, 0.7)), samples)
    by_count = evaluate(PartialLabelAveragePrecision([1, 2, 3, 4], group_thresholds=(2, 4)), samples)
    np.testing.assert_equal(by_quantile, by_count)


def test_classwise_adds_a_list_and_logs_a_table(caplog, monkeypatch) -> None:
    lines = []
    module = "mmpretrain_imbalance.metrics.partial_label_average_precision.print_log"
    monkeypatch.setattr(module, lambda text, logger: lines.append(text))
    scores, labels = scores_and_labels()
    metrics = evaluate(
        PartialLabelAveragePrecision([300, 7, 0, 50], classwise=True), data_samples(scores, labels)
    )
    values = class_average_precision(scores, labels)
    np.testing.assert_allclose(metrics["AP_classwise"], values)
    [row] = [line for line in lines[0].splitlines() if "emu" in line]
    known = (labels[:, 2] == 1).sum().item(), (labels[:, 2] == 0).sum().item()
    cells = [cell.strip() for cell in row.split("│")[1:-1]]
    assert cells == ["emu", "0", str(known[0]), str(known[1]), f"{values[2]:.1f}"]


def test_is_built_from_a_config() -> None:
    assert isinstance(METRICS.build(dict(type="PartialLabelAveragePrecision")), PartialLabelAveragePrecision)


def test_groups_of_the_dataset_take_precedence() -> None:
    scores, labels = scores_and_labels()
    samples, values = data_samples(scores, labels), class_average_precision(scores, labels)
    groups = ["tail", "head", "head", "middle"]
    metric = PartialLabelAveragePrecision([300, 7, 0, 50], num_rarest=2)
    metrics = evaluate(metric, samples, class_groups=groups)
    assert metrics["mAP_tail"] == pytest.approx(values[0])
    assert metrics["mAP_head"] == pytest.approx(values[[1, 2]].mean())
    assert metrics["mAP_middle"] == pytest.approx(values[3])
    assert metrics["mAP_rarest"] == pytest.approx(values[[1, 3]].mean())
    by_quantile = PartialLabelAveragePrecision([300, 7, 0, 50], group_quantiles=(0.25, 0.75))
    assert evaluate(by_quantile, samples, class_groups=groups)["mAP_head"] == pytest.approx(values[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            dict(num_rarest=-1),
            "'num_rarest' argument of PartialLabelAveragePrecision must be .* Got -1 instead",
        ),
        (
            dict(group_quantiles=(0.9, 0.1)),
            "'group_quantiles' argument of PartialLabelAveragePrecision must be two",
        ),
    ],
)
def test_wrong_arguments_raise(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PartialLabelAveragePrecision(**arguments)


@pytest.mark.parametrize("metric", [PartialLabelAveragePrecision, DumpPredictions])
def test_a_wrong_number_of_groups_raises(metric) -> None:
    with pytest.raises(ValueError, match=r"'class_groups' in the metainfo .* 4 classes. Got 3 instead"):
        evaluate(metric(), data_samples(*scores_and_labels()), class_groups=["tail"] * 3)
