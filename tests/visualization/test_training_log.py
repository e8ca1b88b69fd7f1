"""Losses and metrics from the logs of MMEngine, and their charts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmpretrain_imbalance.visualization import run_report_page
from mmpretrain_imbalance.visualization.run_report.curves import training_curves
from mmpretrain_imbalance.visualization.run_report.training_log import metrics_of, read_training_log
from tests.visualization.report_pages import parse, section, text_of
from tests.visualization.report_runs import run


def write_log(work_dir: Path, time: str, records: list[dict], end: str = "") -> None:
    path = work_dir / time / "vis_data" / "scalars.json"
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records) + end)


def epoch(number: int, *losses: float, **metrics: float) -> list[dict]:
    """Return the records of an epoch: losses, label statistics, which have the iteration, and metrics."""
    records: list[dict] = [
        dict(lr=0.1, data_time=0.0, loss=loss, time=0.1, epoch=number, iter=index, step=10 * number + index)
        for index, loss in enumerate(losses)
    ]
    records.append({"label_statistics/class_prior/head": 0.3, "step": 10 * number + 9})
    named = {name.replace("__", "/"): value for name, value in metrics.items()}
    return [*records, {**named, "data_time": 0.0, "time": 0.1, "step": number}] if metrics else records


def test_losses_are_averaged_over_the_epoch(tmp_path: Path) -> None:
    write_log(tmp_path, "20260101_000000", [*epoch(1, 3.0, 1.0), *epoch(2, 0.5, partial__mAP=1)])
    log = read_training_log(tmp_path)
    assert (log.unit, log.loss, log.metrics) == ("epoch", {1: 2.0, 2: 0.5}, {"partial/mAP": {2: 1.0}})


def test_a_resumed_training_continues_and_a_repeated_one_replaces_the_log(tmp_path: Path) -> None:
    def metric(value: float) -> dict[str, float]:
        return {"partial-label__mAP": value}

    first = [record for n in (1, 2, 3) for record in epoch(n, float(n), **metric(n))]
    write_log(tmp_path, "20260101_000000", first)
    write_log(tmp_path, "20260102_000000", [*epoch(3, 30.0, **metric(30)), *epoch(4, 40.0)])
    write_log(tmp_path, "20260103_000000", [{"partial-label/mAP": 99.0, "step": 0}])  # a test
    log = read_training_log(tmp_path)
    assert log.loss == {1: 1.0, 2: 2.0, 3: 30.0, 4: 40.0}
    assert log.metrics == {"mAP": {1: 1.0, 2: 2.0, 3: 30.0}}
    write_log(tmp_path, "20260104_000000", epoch(1, 7.0))
    assert read_training_log(tmp_path).loss == {1: 7.0}
    assert read_training_log(tmp_path).metrics["mAP"] == {}


def test_iterations_are_used_without_epochs(tmp_path: Path) -> None:
    records = [{"loss": 2.0, "iter": 50, "step": 50}, {"partial-label/mAP": 8.0, "step": 100}]
    write_log(tmp_path, "20260101_000000", records)
    log = read_training_log(tmp_path)
    assert (log.unit, log.loss, log.metrics) == ("iteration", {50: 2.0}, {"mAP": {100: 8.0}})


def test_metrics_of_this_package_and_of_mmpretrain_are_not_confused() -> None:
    both = {"partial-label/mAP": 70.0, "partial-label/CF1": 50.0, "multi-label/mAP": 60.0}
    assert metrics_of(both) == {"mAP": 70.0, "CF1": 50.0, "multi-label/mAP": 60.0}
    renamed = {"partial-label/mAP": 70.0, "multi-label/mAP": 60.0, "multi-label/CF1": 50.0}
    assert metrics_of(renamed) == {"mAP": 70.0, "multi-label/mAP": 60.0, "multi-label/CF1": 50.0}
    earlier = {"multi-label/mAP": 70.0, "multi-label/num_classes_evaluated": 10.0}
    assert metrics_of(earlier) == {"mAP": 70.0, "num_classes_evaluated": 10.0}
    theirs = {"multi-label/mAP": 60.0, "multi-label/precision": 20.0, "multi-label/f1-score": 25.0}
    assert metrics_of(theirs) == theirs


def test_a_last_line_that_is_not_complete_is_skipped(tmp_path: Path) -> None:
    write_log(tmp_path, "20260101_000000", epoch(1, 3.0), '{"loss": 1.')
    assert read_training_log(tmp_path).loss == {1: 3.0}
    write_log(tmp_path, "20260102_000000", [], 'no json\n{"loss": 1}\n')
    with pytest.raises(ValueError, match=r"scalars\.json, line 1: expected a JSON object, found 'no json'"):
        read_training_log(tmp_path)


def test_each_metric_has_a_chart_with_the_values_of_all_runs(tmp_path: Path) -> None:
    ours = {"partial-label__mAP": 40.0, "multi-label__mAP": 55.0}
    write_log(tmp_path / "a", "20260101_000000", [*epoch(1, 2.0), *epoch(2, 1.0, **ours)])
    write_log(tmp_path / "b", "20260101_000000", epoch(2, 3.0, **{"partial-label__mAP": 80.0}))
    runs = [run(name, work_dir=tmp_path / name) for name in "ab"]
    charts = {chart.title: text_of(parse(str(chart.svg()))) for chart in training_curves(runs)}
    assert list(charts) == [
        "Training loss",
        "mAP on the validation data, percent",
        "multi-label/mAP on the validation data",
    ]
    assert "a, epoch 1: 2" in charts["Training loss"]
    assert "b, epoch 2: 3" in charts["Training loss"]
    for name, value in (("a", 40), ("b", 80)):
        assert f"{name}, epoch 2: {value}" in charts["mAP on the validation data, percent"]
    assert "55" in charts["multi-label/mAP on the validation data"]
    assert "b, " not in charts["multi-label/mAP on the validation data"]


def test_a_run_without_a_log_is_named_with_the_remedy(tmp_path: Path) -> None:
    write_log(tmp_path, "20260101_000000", epoch(1, 2.0))
    page = parse(run_report_page([run("with", work_dir=tmp_path), run("without")], num_resamples=0))
    text = text_of(section(page, "Training loss and metrics over epochs"))
    assert "No training log was found for without. Keep the folder of the training" in text
    assert len(section(page, "Training loss and metrics over epochs").findall("div/figure")) == 1
