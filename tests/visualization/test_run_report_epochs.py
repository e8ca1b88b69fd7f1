"""Label statistics of the losses in the run report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from mmpretrain_imbalance.visualization import run_report_page
from mmpretrain_imbalance.visualization.run_report.epochs import fraction_history, fraction_names
from tests.visualization.report_pages import parse, section, text_of
from tests.visualization.report_runs import (
    CLASSES,
    run,
)


def record(folder: Path, epoch: int, classes: list[str] = CLASSES, **values: list[float]) -> None:
    (folder / "label_statistics").mkdir(parents=True, exist_ok=True)
    content = {"classes": classes, "losses": {"head.loss": values}}
    (folder / "label_statistics" / f"epoch_{epoch}.json").write_text(json.dumps(content))


def test_masked_fraction_is_relative_to_the_known_labels(tmp_path: Path) -> None:
    known, masked = (
        [[0.5, 1.0, 0.25, 0.0], [0.5, 1.0, 0.5, 0.0]],
        [[0.5, 0.0, 0.2, 0.0], [0.0, 0.5, 0.0, 0.0]],
    )
    for epoch in (1, 2):
        record(tmp_path, epoch, known_fraction=known[epoch - 1], masked_fraction=masked[epoch - 1])
    found = run("masked", work_dir=tmp_path)
    # Of 100 images: 70 of the 175 known labels, then 50 of 200.
    np.testing.assert_allclose(fraction_history(found, "masked_fraction"), [70 / 175, 50 / 200])
    assert fraction_names([found, run("other")]) == ["masked_fraction"]


def test_fractions_of_all_runs_are_in_one_chart(tmp_path: Path) -> None:
    for epoch in (1, 2):
        record(
            tmp_path / "a",
            epoch,
            ignored_fraction=[0.2] * 4,
            pseudo_positive_fraction=[0.1, 0.1, 0.3, 0.1 * epoch],
        )
        record(tmp_path / "b", epoch, ignored_fraction=[0.4] * 4)
    html = run_report_page([run(name, work_dir=tmp_path / name) for name in "ab"], num_resamples=0)
    text = text_of(section(parse(html), "Label statistics over epochs"))
    assert text.count("Ignored unknown labels, percent of all labels") == 1
    assert "a, after epoch 2: 20" in text
    assert "b, after epoch 2: 40" in text
    assert "a, after epoch 2: 17.5" in text
    assert "Masked labels, percent" not in text


def test_recorded_values_are_plotted_and_missing_ones_reported(tmp_path: Path) -> None:
    for epoch in (1, 2, 10):
        record(tmp_path, epoch, class_prior=[0.1, 0.2, 0.3, 0.4], custom_fraction=[0.1, 0.1, 0.3, 0.3])
    html = run_report_page([run("with", work_dir=tmp_path), run("without")], num_resamples=0)
    text = text_of(parse(html))
    assert "after epoch 3: 20" in text  # the mean fraction in percent, after the third update
    assert "Custom fraction, percent of all labels" in text
    assert "Class prior" in text
    assert "were recorded for without." in text


def test_history_is_matched_by_class_name(tmp_path: Path) -> None:
    record(tmp_path, 1, classes=["fox", "cow", "cat"], class_prior=[0.4, 0.9, 0.1])
    history = run("other order", work_dir=tmp_path).history
    np.testing.assert_array_equal(history["class_prior"], [[0.1, np.nan, np.nan, 0.4]])
