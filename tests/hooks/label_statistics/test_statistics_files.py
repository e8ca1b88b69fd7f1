"""Files are written although another file cannot be written."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np

from mmpretrain_imbalance.hooks.label_statistics.statistics_files import StatisticsFiles, rounded


def test_a_failure_is_reported_once_and_other_files_are_written(tmp_path):
    errors = []
    logger = SimpleNamespace(error=errors.append)
    counts = tmp_path / "label_counts.json"
    counts.mkdir()  # a folder cannot be replaced by a file
    files = StatisticsFiles()
    files.write(logger, ["cat"], counts, {"positives": np.array([3])})
    record = tmp_path / "label_statistics" / "epoch_1.json"
    files.write(logger, ["cat"], record, {"head.loss_module": {"ratio": np.array([0.1], dtype=np.float32)}})
    files.retry(logger, ["cat"])
    assert json.loads(record.read_text()) == {
        "classes": ["cat"],
        "losses": {"head.loss_module": {"ratio": [0.1]}},
    }
    (error,) = errors
    assert str(counts) in error
    counts.rmdir()
    files.retry(logger, ["cat"])
    assert json.loads(counts.read_text()) == {"classes": ["cat"], "positives": [3]}


def test_values_that_are_not_finite_become_null():
    values = np.array([np.nan, np.inf, -np.inf, 1 / 3, 2], dtype=np.float32)
    assert rounded(values) == [None, None, None, 0.3333333, 2.0]
    assert json.dumps(rounded(values), allow_nan=False) == "[null, null, null, 0.3333333, 2.0]"
