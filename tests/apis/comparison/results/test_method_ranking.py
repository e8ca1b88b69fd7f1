from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmpretrain_imbalance.apis.comparison.results.compared_metrics import COMPARED_METRICS, MAIN_METRIC
from mmpretrain_imbalance.apis.comparison.results.method_ranking import rank_comparisons, rank_metric
from tests.apis.comparison.results.summaries import method, setting, statistics, summary, three_methods


def write(folder: Path, *settings: dict) -> Path:
    folder.mkdir()
    (folder / "results.json").write_text(json.dumps(summary(*settings)))
    return folder


def test_settings_of_several_comparisons_are_blocks(tmp_path: Path) -> None:
    first = write(tmp_path / "a", three_methods("a", 0.5, 0.6, 0.7))
    second = write(tmp_path / "b", three_methods("b", 0.5, 0.8, 0.7), three_methods("c", 0.5, 0.8, 0.7))
    found = rank_comparisons([first, second], "mAP")
    assert list(found["mean_ranks"].items()) == [
        ("plm", pytest.approx(4 / 3)),
        ("csl", pytest.approx(5 / 3)),
        ("bce", 3),
    ]
    assert found["blocks"] == [["digits", "a"], ["digits", "b"], ["digits", "c"]]
    assert found["groups"] == [["plm", "csl", "bce"]]


def test_methods_without_a_value_are_left_out() -> None:
    hill = method("hill", statistics(0.9))
    first, second = three_methods("a", 0.5, 0.6, 0.7), three_methods("b", 0.5, 0.6, 0.7)
    first["methods"].append(hill)
    found = rank_metric([first, second], MAIN_METRIC)
    assert found["left_out"] == ["hill"]
    assert list(found["mean_ranks"]) == ["csl", "plm", "bce"]
    # A setting without any value, such as one whose runs are not finished, is no block.
    assert len(rank_metric([first, second, setting(name="c")], MAIN_METRIC)["blocks"]) == 2


def test_the_lowest_error_has_the_first_rank() -> None:
    error = next(metric for metric in COMPARED_METRICS if metric.lower_is_better)
    blocks = [
        setting(
            *(
                method(name, statistics(0.5), **{error.name: statistics(value)})
                for name, value in (("bce", 0.3), ("plm", 0.1), ("csl", 0.2))
            ),
            name=name,
        )
        for name in "ab"
    ]
    assert list(rank_metric(blocks, error)["mean_ranks"].values()) == [1, 2, 3]
    assert next(iter(rank_metric(blocks, error)["mean_ranks"])) == "plm"


def test_wrong_folders_and_metrics_raise(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", three_methods("a", 0.5, 0.6, 0.7))
    with pytest.raises(
        ValueError, match="must have at least 2 pairs of data and setting, and at least 3 meth"
    ):
        rank_comparisons([folder], "mAP")
    with pytest.raises(
        ValueError, match=r"Got the data 'digits' in the setting 'a' in .*a and in .*a instead"
    ):
        rank_comparisons([folder, folder], "mAP")
    with pytest.raises(
        ValueError, match="'metric' argument of rank_comparisons must be one of 'mAP', 'mAP_head'"
    ):
        rank_comparisons([folder], "map")
    with pytest.raises(
        FileNotFoundError, match=r"must have results\.json, which tools/compare_methods\.py wr"
    ):
        rank_comparisons([tmp_path], "mAP")
    for text, message in (
        ("{", r"The file .*results\.json must be complete JSON"),
        ('{"settings": [{}]}', "expected results .*found no entry 'methods'"),
        ("[]", "expected results"),
    ):
        (folder / "results.json").write_text(text)
        with pytest.raises(ValueError, match=message):
            rank_comparisons([folder], "mAP")
