"""Log line and scalars that summarize the statistics of an update."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from mmpretrain_imbalance.functional import class_groups
from mmpretrain_imbalance.hooks import LabelStatisticsHook


def test_means_of_groups_ignore_values_that_are_not_finite():
    hook = LabelStatisticsHook(group_thresholds=(5, 20))
    hook._groups = class_groups([30, 30, 1], hook.group_thresholds)
    written, lines = {}, []
    runner = SimpleNamespace(
        visualizer=SimpleNamespace(add_scalars=lambda scalars, step: written.update(scalars)),
        logger=SimpleNamespace(info=lines.append),
        iter=0,
    )
    values = {"positive_ratio": np.array([3.0, np.inf, np.nan], dtype=np.float32)}
    hook._log(runner, "epoch_1", {"head.loss_module": values})
    assert written == {"label_statistics/positive_ratio/head": 3.0}
    assert "nan" not in lines[0]
    assert "inf" not in lines[0]


def test_values_of_the_same_name_are_logged_separately_for_two_losses():
    hook = LabelStatisticsHook(group_thresholds=(5, 20))
    hook._groups = class_groups([30], hook.group_thresholds)
    written = {}
    runner = SimpleNamespace(
        visualizer=SimpleNamespace(add_scalars=lambda scalars, step: written.update(scalars)),
        logger=SimpleNamespace(info=lambda line: None),
        iter=0,
    )
    outer, inner = (dict(ignored_fraction=np.array([fraction])) for fraction in (0.25, 0.5))
    hook._log(runner, "epoch_1", {"head.loss": outer, "head.loss.loss": inner})
    assert written == {
        "label_statistics/head.loss.ignored_fraction/head": 0.25,
        "label_statistics/head.loss.loss.ignored_fraction/head": 0.5,
    }
