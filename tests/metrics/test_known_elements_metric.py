"""Properties of all metrics over known elements."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.runner import Runner
from mmpretrain.structures import DataSample

from mmpretrain_imbalance.metrics import PartialLabelAveragePrecision, PartialLabelMetric
from tests.metrics.samples import data_samples, evaluate, scores_and_labels

METRICS = [PartialLabelAveragePrecision, PartialLabelMetric]


@pytest.mark.parametrize("metric_class", METRICS)
def test_the_batch_size_has_no_effect(metric_class) -> None:
    samples = data_samples(*scores_and_labels())
    metrics = [evaluate(metric_class([300, 7, 0, 50]), samples, batch_size) for batch_size in (1, 5, 100)]
    np.testing.assert_equal(metrics[:2], metrics[1:])


@pytest.mark.parametrize("metric_class", METRICS)
def test_padding_samples_are_dropped(metric_class) -> None:
    samples = data_samples(*scores_and_labels())
    metric = metric_class()
    metric.process(None, samples[:20])
    metric.process(None, samples[20:] + samples[:4])
    padded = {
        name.removeprefix("partial-label/"): value for name, value in metric.evaluate(len(samples)).items()
    }
    np.testing.assert_equal(padded, evaluate(metric_class(), samples))


@pytest.mark.parametrize("metric_class", METRICS)
def test_scores_of_unknown_elements_have_no_effect(metric_class) -> None:
    scores, labels = scores_and_labels()
    changed = torch.where(labels == -1, 1 - scores, scores)
    expected = evaluate(metric_class(), data_samples(scores, labels))
    np.testing.assert_equal(evaluate(metric_class(), data_samples(changed, labels)), expected)


@pytest.mark.parametrize("metric_class", METRICS)
def test_only_known_elements_are_stored_and_inputs_are_unchanged(metric_class) -> None:
    scores, labels = torch.rand(64, 500), torch.full((64, 500), -1)
    labels[:, :3] = 1
    samples = data_samples(scores, labels)
    before = copy.deepcopy(samples)
    metric = metric_class()
    metric.process(None, samples)
    torch.testing.assert_close(samples, before, rtol=0, atol=0)
    [batch] = metric.results
    arrays = [batch.samples, batch.classes, batch.values, batch.labels]
    assert [(array.dtype, array.size) for array in arrays] == [
        (np.int64, 192),
        (np.int32, 192),
        (np.float32, 192),
        (np.int8, 192),
    ]
    assert not any(np.shares_memory(array, scores.numpy()) for array in arrays)
    metric.evaluate(64)
    assert metric.results == []


@pytest.mark.parametrize("metric_class", METRICS)
@pytest.mark.parametrize("types", [[torch.int8], [torch.int64], [torch.bfloat16, torch.int8, torch.half]])
def test_labels_may_have_any_dtype_also_mixed_in_a_batch(metric_class, types: list) -> None:
    samples = data_samples(*scores_and_labels())
    expected = evaluate(metric_class(), samples)
    for index, sample in enumerate(samples):
        sample["gt_score"] = sample["gt_score"].to(types[index % len(types)])
    np.testing.assert_equal(evaluate(metric_class(), samples), expected)


@pytest.mark.parametrize("metric_class", METRICS)
def test_data_samples_of_mmpretrain_in_its_evaluator(metric_class) -> None:
    """With MMPretrain's class indices only, the classes that are not listed are negative."""
    scores, labels = scores_and_labels()
    indices = [
        torch.cat([positives, positives]) for label in labels for [positives] in [(label == 1).nonzero().T]
    ]
    samples = [DataSample().set_pred_score(s).set_gt_label(i) for s, i in zip(scores, indices)]
    evaluator = Evaluator(metric_class())
    evaluator.process(samples)
    expected = evaluate(metric_class(), data_samples(scores, (labels == 1).long()))
    metrics = evaluator.evaluate(len(samples))
    np.testing.assert_equal(
        {name.removeprefix("partial-label/"): value for name, value in metrics.items()}, expected
    )


def test_counts_come_from_a_list_a_file_or_a_hook(tmp_path: Path) -> None:
    samples = data_samples(*scores_and_labels())
    expected = evaluate(PartialLabelAveragePrecision([300, 7, 0, 50]), samples)
    path = tmp_path / "counts.json"
    path.write_text(json.dumps(dict(classes=["fox", "emu", "dog", "cat"], positives=[50, 0, 7, 300])))
    np.testing.assert_equal(evaluate(PartialLabelAveragePrecision(str(path)), samples), expected)
    metric = PartialLabelAveragePrecision()
    metric.set_label_counts(np.array([7, 300, 50, 0]), ["dog", "cat", "fox", "emu"])
    np.testing.assert_equal(evaluate(metric, samples), expected)
    metric.set_label_counts([1, 1, 1, 1])
    assert evaluate(metric, samples)["mAP_tail"] == expected["mAP"]
    given = PartialLabelAveragePrecision([300, 7, 0, 50])
    given.set_label_counts([1, 1, 1, 1])
    np.testing.assert_equal(evaluate(given, samples), expected)


def test_without_counts_groups_are_not_reported_and_one_warning_is_logged(monkeypatch) -> None:
    lines = []
    module = "mmpretrain_imbalance.metrics.known_elements_metric.print_log"
    monkeypatch.setattr(module, lambda text, logger, level: lines.append(text))
    metric = PartialLabelAveragePrecision()
    for _ in range(2):
        assert set(evaluate(metric, data_samples(*scores_and_labels()))) == {
            "mAP",
            "mAP_O",
            "num_classes_evaluated",
        }
    [line] = lines
    assert "Set 'class_counts', or add dict(type='LabelStatisticsHook') to custom_hooks" in line


def broken(field: str, value: float) -> list[dict]:
    samples = data_samples(*scores_and_labels())
    samples[2][field] = samples[2][field].clone()
    samples[2][field][1] = value
    return samples


@pytest.mark.parametrize("metric_class", METRICS)
@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (
            broken("pred_score", np.nan),
            "'pred_score' of the samples of {} must be a number for every class. Got nan",
        ),
        (broken("gt_score", 255), "'gt_score' of the samples of {} must be 1 (positive), 0 (negative) or -1"),
    ],
)
def test_errors_name_sample_and_class(metric_class, samples: list[dict], message: str) -> None:
    message = re.escape(message.format(metric_class.__name__)) + ".*at sample "
    with pytest.raises(ValueError, match=message + r"2, class 1 \(dog\) instead"):
        evaluate(metric_class(), samples)
    named = [sample | dict(img_path="images/{7}.jpg") for sample in samples]
    with pytest.raises(ValueError, match=message + re.escape("images/{7}.jpg, class 1 (dog) instead")):
        evaluate(metric_class(), named)


def test_errors_name_the_first_wrong_label_and_count_the_others() -> None:
    """An unknown label becomes 255 in an unsigned type; only the last image has unknown labels here."""
    samples = data_samples(*scores_and_labels())[-5:]
    samples = [sample | dict(gt_score=sample["gt_score"].abs()) for sample in samples[:-1]] + samples[-1:]
    samples[-1]["gt_score"] = samples[-1]["gt_score"].to(torch.int8).to(torch.uint8)
    with pytest.raises(ValueError, match=r"Got 255 at sample 22, class 0 \(cat\), and at 3 more instead"):
        evaluate(PartialLabelAveragePrecision(), samples)


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (dict(gt_label=torch.tensor([1, 4])), "class indices from 0 to 3. Got 4 instead"),
        (dict(gt_label=torch.tensor([1, -1])), "class indices from 0 to 3. Got -1 instead"),
        (
            dict(gt_score=torch.zeros(3)),
            "one label for each of the 4 classes of 'pred_score'. Got the shape (3,)",
        ),
        (dict(), "must have a 'gt_score' or a 'gt_label'. Got ['pred_score'] instead"),
    ],
)
def test_samples_with_labels_of_another_shape_raise(sample: dict, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        PartialLabelAveragePrecision().process(None, [dict(pred_score=torch.rand(4)) | sample])


def test_wrong_counts_raise_with_the_first_batch_or_earlier(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.json"):
        PartialLabelAveragePrecision(str(tmp_path / "nowhere.json"))
    samples = data_samples(*scores_and_labels())
    with pytest.raises(ValueError, match=r"The positives of PartialLabelAveragePrecision .* Got the shape"):
        evaluate(PartialLabelAveragePrecision([1, 2]), samples)
    metric = PartialLabelAveragePrecision()
    metric.set_label_counts([1, 2, 3], ["cat", "dog", "emu"])
    with pytest.raises(
        ValueError, match=r"must hold every class of the dataset\. Got 3 classes without 'fox' instead"
    ):
        evaluate(metric, samples)
    metric.dataset_meta = None
    with pytest.raises(ValueError, match="must be a list in class order if the dataset has no class names"):
        metric.process(None, samples)
    with pytest.raises(ValueError, match=r"'class_names' argument of set_label_counts .* Got 1 instead"):
        metric.set_label_counts([1, 2], ["cat"])


def test_evaluation_without_samples_raises() -> None:
    metric = PartialLabelAveragePrecision()
    metric.process(None, [])
    with pytest.raises(
        ValueError,
        match=r"samples processed by PartialLabelAveragePrecision must be at least 1. Got 0 instead",
    ):
        metric.evaluate(0)


def test_runs_in_a_runner_and_logs_its_table(tiny_config: Path, tmp_path: Path) -> None:
    cfg = Config.fromfile(tiny_config)
    cfg.work_dir = str(tmp_path)
    cfg.experiment_name = tmp_path.name  # MMEngine gives runs of one name in one second the same log file
    cfg.val_evaluator = [
        dict(type="PartialLabelAveragePrecision", class_counts=[300, 7, 50], classwise=True),
        dict(type="PartialLabelMetric", class_counts=[300, 7, 50], classwise=True),
    ]
    metrics = Runner.from_cfg(cfg).val()
    assert {"partial-label/mAP_tail", "partial-label/AP_classwise", "partial-label/f1_rarest"} <= set(metrics)
    [log] = tmp_path.rglob("*.log")
    text = log.read_text(encoding="utf-8")
    assert "│ circle │" in text
    assert "known positives" in text
