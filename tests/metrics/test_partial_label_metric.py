"""Precision, recall and F1 of partial labels, against scikit-learn and MMPretrain."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch
from mmpretrain.evaluation import MultiLabelMetric
from mmpretrain.registry import METRICS
from sklearn.metrics import precision_recall_fscore_support, recall_score

from mmpretrain_imbalance.metrics import PartialLabelMetric
from tests.metrics.samples import data_samples, evaluate, scores_and_labels


def expected_scores(predictions: torch.Tensor, labels: torch.Tensor, rarest: list[int]) -> dict[str, float]:
    """Return the metrics from scikit-learn's precision, recall and F1 of each class and of all elements."""
    per_class = []
    for predicted, label in zip(predictions.T, labels.T):
        known = label != -1
        per_class.append(
            precision_recall_fscore_support(label[known], predicted[known], average="binary")[:3]
        )
    known = labels != -1
    overall = precision_recall_fscore_support(labels[known], predictions[known], average="binary")[:3]
    cp, cr, macro_f1 = np.mean(per_class, axis=0)
    right = [(p[k] == y[k]).all().item() for p, y, k in zip(predictions, labels, known) if k.any()]
    values = dict(CP=cp, CR=cr, CF1=2 * cp * cr / (cp + cr), macro_f1=macro_f1)
    values |= dict(zip(("OP", "OR", "OF1"), overall))
    values |= dict(exact_match=np.mean(right))
    _, values["recall_rarest"], values["f1_rarest"] = np.mean([per_class[index] for index in rarest], axis=0)
    return {name: 100 * value for name, value in values.items()}


def by_topk(scores: torch.Tensor, k: int) -> torch.Tensor:
    order = scores.sort(dim=1, descending=True, stable=True).indices[:, :k]
    return torch.zeros_like(scores).scatter(1, order, 1) == 1


THRESHOLDS = [0.3, 0.7, 0.5, 0.6]


@pytest.mark.parametrize(
    ("arguments", "predict"),
    [
        ({}, lambda scores: scores >= 0.5),
        (dict(thresholds=0.7), lambda scores: scores >= 0.7),
        (dict(thresholds=THRESHOLDS), lambda scores: scores >= torch.tensor(THRESHOLDS)),
        (dict(topk=2), lambda scores: by_topk(scores, 2)),
        (dict(topk=3, thresholds=0.7), lambda scores: by_topk(scores, 3) & (scores >= 0.7)),
        (
            dict(topk=3, thresholds=THRESHOLDS),
            lambda scores: by_topk(scores, 3) & (scores >= torch.tensor(THRESHOLDS)),
        ),
    ],
)
def test_scores_equal_scikit_learn(arguments: dict, predict) -> None:
    scores, labels = scores_and_labels()
    metric = PartialLabelMetric(**arguments, class_counts=[300, 7, 0, 50], num_rarest=2)
    metrics = evaluate(metric, data_samples(scores, labels))
    expected = expected_scores(predict(scores), labels, rarest=[1, 3])
    assert list(metrics) == list(expected)
    assert all(type(value) is float for value in metrics.values())
    np.testing.assert_allclose(list(metrics.values()), list(expected.values()), rtol=1e-12)


@pytest.mark.parametrize("arguments", [{}, dict(thresholds=0.7), dict(topk=2), dict(topk=4)])
def test_predicted_labels_are_those_of_mmpretrain(arguments: dict) -> None:
    """All labels are known here, no scores are equal, and some of the k highest are below 0.5."""
    scores = torch.from_numpy(np.random.default_rng(0).permutation(92).reshape(23, 4) / 92).float()
    labels = scores_and_labels()[1].clamp(min=0)
    metrics = evaluate(PartialLabelMetric(**arguments), data_samples(scores, labels))
    mmpretrain_arguments = {
        dict(thresholds="thr").get(name, name): value for name, value in arguments.items()
    }
    expected = [
        MultiLabelMetric.calculate(scores, labels, average=a, **mmpretrain_arguments)
        for a in ("macro", "micro")
    ]
    names = ["CP", "CR", "macro_f1", "OP", "OR", "OF1"]
    np.testing.assert_allclose(
        [metrics[name] for name in names],
        [value.item() for values in expected for value in values[:3]],
        rtol=1e-6,
    )


def test_topk_with_thresholds_differs_from_mmpretrain() -> None:
    """MMPretrain uses only its threshold, so it also predicts the fourth label of the first image."""
    scores, labels = torch.tensor([[0.9, 0.8, 0.7, 0.6], [0.9, 0.4, 0.3, 0.2]]), torch.ones(2, 4)
    metrics = evaluate(PartialLabelMetric(topk=3, thresholds=0.5), data_samples(scores, labels))
    assert metrics["OR"] == pytest.approx(100 * 4 / 8)
    expected = MultiLabelMetric.calculate(scores, labels, average="micro", thr=0.5, topk=3)
    assert expected[1].item() == pytest.approx(100 * 5 / 8)


def test_thresholds_of_a_file_are_matched_by_class_name(tmp_path) -> None:
    path = tmp_path / "thresholds.json"
    path.write_text(
        json.dumps(dict(classes=["fox", "ape", "emu", "dog", "cat"], thresholds=[0.6, 9, 0.5, 0.7, 0.3]))
    )
    samples = data_samples(*scores_and_labels())
    for topk in (None, 2):
        expected = evaluate(PartialLabelMetric(THRESHOLDS, topk), samples)
        assert evaluate(PartialLabelMetric(str(path), topk), samples) == expected


def test_a_rare_class_without_known_positives_is_excluded() -> None:
    scores, labels = scores_and_labels()
    labels[:, 1], labels[:, 3] = labels[:, 1].clamp(max=0), labels[:, 3].abs()
    samples = data_samples(scores, labels)
    one = evaluate(PartialLabelMetric(class_counts=[300, 7, 0, 50], num_rarest=2), samples)
    assert one["recall_rarest"] == pytest.approx(100 * recall_score(labels[:, 3] == 1, scores[:, 3] >= 0.5))
    none = evaluate(PartialLabelMetric(class_counts=[300, 7, 0, 50], num_rarest=1), samples)
    assert np.isnan([none["recall_rarest"], none["f1_rarest"]]).all()


def test_classwise_adds_lists_and_logs_a_table(monkeypatch) -> None:
    lines = []
    module = "mmpretrain_imbalance.metrics.partial_label_metric.print_log"
    monkeypatch.setattr(module, lambda text, logger: lines.append(text))
    metric = PartialLabelMetric(class_counts=[300, 7, 0, 50], classwise=True)
    metrics = evaluate(metric, data_samples(*scores_and_labels()))
    lists = [metrics[f"{name}_classwise"] for name in ("precision", "recall", "f1")]
    np.testing.assert_allclose(np.mean(lists, axis=1), [metrics["CP"], metrics["CR"], metrics["macro_f1"]])
    [row] = [line for line in lines[0].splitlines() if "dog" in line]
    assert re.findall(r"[\d.]+", row)[-3:] == [f"{values[1]:.1f}" for values in lists]
    assert "train positives" in lines[0]
    evaluate(PartialLabelMetric(classwise=True), data_samples(*scores_and_labels()))
    assert "train positives" not in lines[-1]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (dict(topk=0), "Got 0 instead"),
        (dict(topk=1.5), "Got 1.5 instead"),
    ],
)
def test_wrong_topk_raises(arguments: dict, found: str) -> None:
    with pytest.raises(ValueError, match=f"'topk' argument of PartialLabelMetric .* {found}"):
        PartialLabelMetric(**arguments)


@pytest.mark.parametrize("arguments", [dict(thresholds=float("nan")), dict(num_rarest=-1)])
def test_other_wrong_arguments_raise(arguments: dict) -> None:
    with pytest.raises(ValueError, match=f"'{next(iter(arguments))}' argument of PartialLabelMetric"):
        PartialLabelMetric(**arguments)


def test_the_threshold_may_be_a_numpy_number() -> None:
    samples = data_samples(*scores_and_labels())
    expected = evaluate(PartialLabelMetric(0.7), samples)
    assert evaluate(PartialLabelMetric(np.float32(0.7)), samples) == expected


def test_is_built_from_a_config() -> None:
    assert METRICS.build(dict(type="PartialLabelMetric", topk=3)).topk == 3
