"""Run report: metrics agree with scikit-learn, worst labels with plain loops; the page is self-contained."""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import average_precision_score, f1_score, precision_recall_curve, roc_auc_score

from mmpretrain_imbalance.functional import paired_bootstrap
from mmpretrain_imbalance.utils.class_values import write_named_values
from mmpretrain_imbalance.visualization import ReportRun, run_report_page
from mmpretrain_imbalance.visualization.run_report.charts import precision_recall_curve as report_curve
from mmpretrain_imbalance.visualization.run_report.examples import embedded_image, worst_labels
from tests.visualization.report_pages import check_self_contained, parse, rows_of, section, text_of
from tests.visualization.report_runs import (
    CLASSES,
    POSITIVES,
    picture,
    predictions,
    run,
    scores_and_labels,
)


@pytest.fixture(scope="module")
def html() -> str:
    return run_report_page([run("plain <run>"), run("other_run", 1)], image_of=picture, num_resamples=20)


def test_page_is_one_well_formed_file(html: str) -> None:
    check_self_contained(html)
    images = [image.get("src") for image in parse(html).iter("img")]
    assert images
    assert all(source.startswith("data:image/webp;base64,") for source in images)


def test_names_of_runs_and_classes_are_escaped(html: str) -> None:
    assert "<run>" not in html
    assert "<i>" not in html
    page = parse(html)
    assert text_of(page.find("body/main/header/h1")) == "2 runs: plain <run>, other_run"
    assert "emu <i>&" in [row[0] for row in rows_of(page, "Results per class")]


def test_page_supports_phones_dark_mode_and_screen_readers(html: str) -> None:
    assert 'name="viewport" content="width=device-width' in html
    assert "@media (prefers-color-scheme: dark)" in html
    page = parse(html)
    charts = [chart.get("aria-label") for chart in page.iter("svg")]
    assert "AP of each class against its number of training positives" in charts
    assert all(charts)
    assert all(image.get("alt") for image in page.iter("img"))


def test_every_run_has_one_color_on_the_whole_page(html: str) -> None:
    colors: dict[str, set[str]] = {}
    for symbol in parse(html).iter("svg"):
        if symbol.get("class") == "symbol":
            colors.setdefault(symbol.get("aria-label"), set()).add(symbol.find("path").get("stroke"))
    assert colors == {"plain <run>": {"var(--method-0)"}, "other_run": {"var(--method-1)"}}


def test_links_lead_to_parts_of_the_page(html: str) -> None:
    page = parse(html)
    names = {element.get("id") for element in page.iter()} - {None}
    targets = [link.get("href")[1:] for link in page.iter("a")]
    assert len(names) == len([element for element in page.iter() if element.get("id")])
    assert {*targets} - {*names} == {"closed"}  # no such part: the enlarged image closes without a scroll


def test_metrics_agree_with_scikit_learn() -> None:
    thresholds = np.array([0.3, 0.5, 0.6, 0.4])
    metrics = run("plain", thresholds=thresholds).metrics
    scores, labels = scores_and_labels()
    columns = [(scores[labels[:, c] != -1, c], labels[labels[:, c] != -1, c]) for c in range(4)]
    ap = [100 * average_precision_score(y, s) for s, y in columns]

    assert metrics["mAP"] == pytest.approx(np.mean(ap))
    assert metrics["mAP tail (2 classes)"] == pytest.approx(np.mean(ap[2:]))
    assert metrics["mAP head (1 class)"] == pytest.approx(ap[0])
    assert metrics["mAP of the 3 rarest classes"] == pytest.approx(np.mean(ap[1:]))
    auroc = np.mean([100 * roc_auc_score(y, s) for s, y in columns])
    assert metrics["AUROC, mean over classes"] == pytest.approx(auroc)
    for name, cuts in (("0.5", np.full(4, 0.5)), ("the chosen thresholds", thresholds)):
        f1 = [100 * f1_score(y, s >= np.float32(cut)) for (s, y), cut in zip(columns, cuts)]
        assert metrics[f"macro F1 at {name}"] == pytest.approx(np.mean(f1))


def test_table_shows_differences_from_the_first_run(html: str) -> None:
    first, second = run("a").metrics["mAP"], run("b", 1).metrics["mAP"]
    page = parse(html)
    row = rows_of(page, "Metrics")[0]
    assert row == ["mAP", f"{first:.1f}", f"{second:.1f} {second - first:+.1f}"]
    best = next(section(page, "Metrics").iter("tbody"))[0].findall("td/b")
    assert [text_of(cell) for cell in best] == [f"{max(first, second):.1f}"]


def test_significance_agrees_with_paired_bootstrap(html: str) -> None:
    (scores, labels), (others, _) = scores_and_labels(), scores_and_labels(1)
    rows = rows_of(parse(html), "Significance of the differences")
    for (name, difference, interval, p), keep in zip(rows, (None, [2, 3])):
        found = paired_bootstrap(others, scores, labels, keep=keep, num_resamples=20)
        assert name == ("other_run, mAP" if keep is None else "other_run, mAP of tail")
        assert difference == f"{100 * found.difference:+.1f}"
        assert interval == f"{100 * found.low:+.1f} to {100 * found.high:+.1f}"
        assert p == f"{found.p_value:.3f}"
    assert len(rows) == 2


@pytest.mark.parametrize("class_index", range(4))
def test_precision_recall_curve_agrees_with_scikit_learn(class_index: int) -> None:
    scores, labels = scores_and_labels()
    known = labels[:, class_index] != -1
    precision, recall = report_curve(scores[known, class_index], labels[known, class_index])
    expected = precision_recall_curve(labels[known, class_index], scores[known, class_index])
    np.testing.assert_allclose(precision, expected[0][-2::-1])
    np.testing.assert_allclose(recall, expected[1][-2::-1])


@pytest.mark.parametrize("positive", [True, False])
def test_worst_labels_agree_with_a_loop(positive: bool) -> None:
    scores, labels = scores_and_labels()
    wrong = [
        (scores[n, c] if positive else -scores[n, c], n, c)
        for n in range(len(labels))
        for c in range(4)
        if labels[n, c] == (1 if positive else 0) and (scores[n, c] < 0.5) == positive
    ]
    expected, images, per_class = [], set(), [0] * 4
    for _, n, c in sorted(wrong, key=lambda label: label[0]):
        if n not in images and per_class[c] < 2 and len(expected) < 5:
            expected.append((n, CLASSES[c]))
            images.add(n)
            per_class[c] += 1

    found = worst_labels(predictions(), positive, count=5, max_per_class=2)

    assert [(label.image, label.class_name) for label in found] == expected
    for label in found:
        assert label.unknown == [CLASSES[c] for c in range(4) if labels[label.image, c] == -1]
        assert label.positives == [CLASSES[c] for c in range(4) if labels[label.image, c] == 1]


def test_unknown_labels_are_listed(html: str) -> None:
    shown = worst_labels(predictions(), True, 6)
    assert any(label.unknown for label in shown)
    for label in shown:
        if label.unknown:
            assert f"? unknown: {', '.join(label.unknown)}" in text_of(parse(html))


def test_runs_with_different_labels_are_not_compared() -> None:
    first = run("first")
    flipped = replace(first.predictions, labels=1 - first.predictions.labels)
    html = run_report_page([first, replace(first, name="flipped", predictions=flipped)], num_resamples=20)
    assert "no paired comparison: the labels of this run differ" in html


def test_page_of_a_run_without_training_positives() -> None:
    bare = replace(predictions(), training_positives=None)
    html = run_report_page([ReportRun("bare", Path("nowhere"), bare)])
    assert "Add LabelStatisticsHook" in html
    check_self_contained(html)


def test_missing_images_are_replaced_by_the_error() -> None:
    def missing(*_):
        raise FileNotFoundError("photo.jpg is gone")

    html = run_report_page([run("plain")], image_of=missing)
    assert "photo.jpg is gone" in html
    check_self_contained(html)


def test_image_with_any_file_name_is_shown_and_a_damaged_one_reported(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")
    Image.new("RGB", (8, 6), "red").save(tmp_path / "red.png")
    content = (tmp_path / "red.png").read_bytes()
    Path(path).write_bytes(content)
    assert embedded_image(path).startswith("data:image/webp")
    header = content[12:16] + struct.pack(">II", 50_000, 50_000) + content[24:29]  # more than OpenCV reads
    huge = content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:]
    for wrong in (huge, b"", b"text"):
        Path(path).write_bytes(wrong)
        html = run_report_page([run("plain")], image_of=lambda *_: path)
        assert "argument of embedded_image must be an image" in text_of(parse(html))
    with pytest.raises(ValueError, match=r"must be an image\. Got an array of shape"):
        embedded_image(np.zeros((0, 4, 3)))


def test_zero_examples_omit_the_section() -> None:
    assert "Most wrong" not in run_report_page([run("plain")], num_examples=0)


def test_incompatible_runs_raise() -> None:
    other = replace(predictions(), class_names=["a", "b", "c", "d"])
    with pytest.raises(ValueError, match="must have the same classes"):
        run_report_page([run("a"), ReportRun("b", Path("nowhere"), other)])
    with pytest.raises(ValueError, match="Got 'cow' instead"):
        run_report_page([run("a")], classes=["cow"])
    with pytest.raises(ValueError, match="at least one run"):
        run_report_page([])


def test_read_matches_values_by_class_name(tmp_path: Path) -> None:
    replace(predictions(), training_positives=None).save(tmp_path / "predictions.npz")
    columns = {"positives": [3, 10, 60, 500], "negatives": [1, 2, 3, 4], "unknown": [5, 6, 7, 8]}
    write_named_values(tmp_path / "label_counts.json", CLASSES[::-1], columns)
    write_named_values(tmp_path / "thresholds.json", CLASSES[::-1], {"thresholds": [0.1, 0.2, 0.3, 0.4]})
    found = ReportRun.read(tmp_path)
    assert found.name == tmp_path.name
    np.testing.assert_array_equal(found.training_positives, POSITIVES)
    np.testing.assert_array_equal(found.training_labels[2], [8, 7, 6, 5])
    np.testing.assert_array_equal(found.thresholds, [0.4, 0.3, 0.2, 0.1])
