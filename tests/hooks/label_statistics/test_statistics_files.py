"""One file that cannot be written, and the others."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np

from mmpretrain_imbalance.hooks.label_statistics.statistics_files import StatisticsFiles, rounded


def test_a_file_that_cannot_be_written_blocks_no_other_and_is_reported_once(tmp_path):
    errors = []
    logger = SimpleNamespace(error=errors.append)
    counts = tmp_path / "label_counts.json"
    counts.mkdir()  # nothing can take its place
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


def test_what_is_no_finite_number_is_null():
    values = np.array([np.nan, np.inf, -np.inf, 1 / 3, 2], dtype=np.float32)
    assert rounded(values) == [None, None, None, 0.3333333, 2.0]
    assert json.dumps(rounded(values), allow_nan=False) == "[null, null, null, 0.3333333, 2.0]"
