"""Our metrics in one evaluator with MMPretrain's."""

from __future__ import annotations

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

import mmpretrain_imbalance  # noqa: F401  registers the metrics


def test_metrics_of_both_packages_in_one_evaluator(tiny_config: Path, tmp_path: Path) -> None:
    """MMEngine raises an error if two metrics of one evaluator report the same name."""
    cfg = Config.fromfile(tiny_config)
    cfg.work_dir, cfg.experiment_name = str(tmp_path), "metrics_of_both_packages"
    cfg.val_evaluator = [
        dict(type="AveragePrecision"),
        dict(type="MultiLabelMetric", average="macro"),
        dict(type="PartialLabelAveragePrecision"),
        dict(type="PartialLabelMetric"),
    ]
    metrics = Runner.from_cfg(cfg).val()
    # All labels are known and every class has positives, so the definitions of both packages agree.
    for theirs, ours in (("mAP", "mAP"), ("precision", "CP"), ("recall", "CR"), ("f1-score", "macro_f1")):
        assert metrics[f"partial-label/{ours}"] == pytest.approx(metrics[f"multi-label/{theirs}"], abs=1e-3)
