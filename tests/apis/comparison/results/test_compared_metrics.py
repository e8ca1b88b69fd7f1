from __future__ import annotations

import pytest

from mmpretrain_imbalance.apis.comparison.results.compared_metrics import COMPARED_METRICS, compared_metric


def test_every_metric_is_found_by_its_name() -> None:
    assert [compared_metric(metric.name, "caller") for metric in COMPARED_METRICS] == list(COMPARED_METRICS)
    assert [metric.name for metric in COMPARED_METRICS if metric.lower_is_better] == ["calibration_error"]


def test_another_name_raises() -> None:
    with pytest.raises(
        ValueError, match=r"'metric' argument of caller must be one of 'mAP', .* Got 'AP' instead"
    ):
        compared_metric("AP", "caller")
