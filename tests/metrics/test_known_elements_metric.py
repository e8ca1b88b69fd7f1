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
from tests.metrics.samples import data_samples, evaluate, tables

METRICS = [PartialLabelAveragePrecision, PartialLabelMetric]


@pytest.mark.parametrize("metric_class", METRICS)
def test_batches_equal_all_at_once(metric_class) -> None:
    samples = data_samples(*tables())
    metrics = [evaluate(metric_class([300, 7, 0, 50]), samples, batch_size) for batch_size in (1, 5, 100)]
    np.testing.assert_equal(metrics[:2], metrics[1:])


@pytest.mark.parametrize("metric_class", METRICS)
def test_samples_after_the_last_only_pad(metric_class) -> None:
    samples = data_samples(*tables())
    metric = metric_class()
    metric.process(None, samples[:20])
    metric.process(None, samples[20:] + samples[:4])
    padded = {
        name.removeprefix("multi-label/"): value for name, value in metric.evaluate(len(samples)).items()
    }
    np.testing.assert_equal(padded, evaluate(metric_class(), samples))


@pytest.mark.parametrize("metric_class", METRICS)
def test_unknown_elements_never_matter(metric_class) -> None:
    scores, labels = tables()
    changed = torch.where(labels == -1, 1 - scores, scores)
    expected = evaluate(metric_class(), data_samples(scores, labels))
    np.testing.assert_equal(evaluate(metric_class(), data_samples(changed, labels)), expected)


@pytest.mark.parametrize("metric_class", METRICS)
def test_memory_follows_the_known_elements_and_inputs_stay_as_they_are(metric_class) -> None:
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
def test_labels_may_be_of_any_type_also_of_several_in_a_batch(metric_class, types: list) -> None:
    samples = data_samples(*tables())
    expected = evaluate(metric_class(), samples)
    for index, sample in enumerate(samples):
        sample["gt_score"] = sample["gt_score"].to(types[index % len(types)])
    np.testing.assert_equal(evaluate(metric_class(), samples), expected)


@pytest.mark.parametrize("metric_class", METRICS)
def test_takes_data_samples_of_the_host_through_its_evaluator(metric_class) -> None:
    """With class indices alone, as the host writes them, the unlisted classes are negative."""
    scores, labels = tables()
    indices = [
        torch.cat([positives, positives]) for label in labels for [positives] in [(label == 1).nonzero().T]
    ]
    samples = [DataSample().set_pred_score(s).set_gt_label(i) for s, i in zip(scores, indices)]
    evaluator = Evaluator(metric_class())
    evaluator.process(samples)
    expected = evaluate(metric_class(), data_samples(scores, (labels == 1).long()))
    metrics = evaluator.evaluate(len(samples))
    np.testing.assert_equal(
        {name.removeprefix("multi-label/"): value for name, value in metrics.items()}, expected
    )


def test_counts_come_from_a_list_a_file_or_a_hook(tmp_path: Path) -> None:
    samples = data_samples(*tables())
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


def test_without_counts_groups_are_left_out_with_one_warning(monkeypatch) -> None:
    lines = []
    module = "mmpretrain_imbalance.metrics.known_elements_metric.print_log"
    monkeypatch.setattr(module, lambda text, logger, level: lines.append(text))
    metric = PartialLabelAveragePrecision()
    for _ in range(2):
        assert set(evaluate(metric, data_samples(*tables()))) == {"mAP", "mAP_O", "num_classes_evaluated"}
    [line] = lines
    assert "Give it 'class_counts', or add dict(type='LabelStatisticsHook') to custom_hooks" in line


def broken(field: str, value: float) -> list[dict]:
    samples = data_samples(*tables())
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
def test_broken_samples_are_refused_by_name_and_class(
    metric_class, samples: list[dict], message: str
) -> None:
    message = re.escape(message.format(metric_class.__name__)) + ".*at sample "
    with pytest.raises(ValueError, match=message + r"2, class 1 \(dog\) instead"):
        evaluate(metric_class(), samples)
    named = [sample | dict(img_path="images/{7}.jpg") for sample in samples]
    with pytest.raises(ValueError, match=message + re.escape("images/{7}.jpg, class 1 (dog) instead")):
        evaluate(metric_class(), named)


def test_the_first_of_several_wrong_labels_is_named_and_the_others_are_counted() -> None:
    """An unknown label becomes 255 in an unsigned type; only the last image has unknown labels here."""
    samples = data_samples(*tables())[-5:]
    samples = [sample | dict(gt_score=sample["gt_score"].abs()) for sample in samples[:-1]] + samples[-1:]
    samples[-1]["gt_score"] = samples[-1]["gt_score"].to(torch.int8).to(torch.uint8)
    with pytest.raises(ValueError, match=r"Got 255 at sample 22, class 0 \(cat\), and at 3 more instead"):
        evaluate(PartialLabelAveragePrecision(), samples)


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (dict(gt_label=torch.tensor([1, 4])), "class indices from 0 to 3. Got 4 instead"),
        (
            dict(gt_score=torch.zeros(3)),
            "one label for each of the 4 classes that are scored. Got the shape (3,)",
        ),
        (dict(), "must have a 'gt_score' or a 'gt_label'. Got ['pred_score'] instead"),
    ],
)
def test_samples_without_fitting_labels_are_refused(sample: dict, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        PartialLabelAveragePrecision().process(None, [dict(pred_score=torch.rand(4)) | sample])


def test_wrong_counts_are_refused_before_a_validation_is_spent(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.json"):
        PartialLabelAveragePrecision(str(tmp_path / "nowhere.json"))
    samples = data_samples(*tables())
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


def test_no_sample_at_all_is_refused() -> None:
    metric = PartialLabelAveragePrecision()
    metric.process(None, [])
    with pytest.raises(
        ValueError, match=r"samples that PartialLabelAveragePrecision evaluates .* Got none instead"
    ):
        metric.evaluate(0)


def test_runs_in_a_runner_and_its_table_is_in_the_log_file(tiny_config: Path, tmp_path: Path) -> None:
    cfg = Config.fromfile(tiny_config)
    cfg.work_dir = str(tmp_path)
    cfg.val_evaluator = [
        dict(type="PartialLabelAveragePrecision", class_counts=[300, 7, 50], classwise=True),
        dict(type="PartialLabelMetric", class_counts=[300, 7, 50], classwise=True),
    ]
    metrics = Runner.from_cfg(cfg).val()
    assert {"multi-label/mAP_tail", "multi-label/AP_classwise", "multi-label/f1_rarest"} <= set(metrics)
    [log] = tmp_path.rglob("*.log")
    text = log.read_text(encoding="utf-8")
    assert "│ circle │" in text
    assert "known positives" in text
