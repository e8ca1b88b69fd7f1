"""Reading the values that LabelStatisticsHook recorded."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from mmpretrain_imbalance.visualization.statistics_history import (
    read_statistics_histories,
    read_statistics_history,
)


def record(folder: Path, update: str, losses: dict, classes: tuple[str, ...] = ("cat", "dog")) -> None:
    (folder / "label_statistics").mkdir(exist_ok=True)
    content = json.dumps({"classes": classes, "losses": losses})
    (folder / "label_statistics" / f"{update}.json").write_text(content)


def test_values_are_in_the_order_of_the_updates(tmp_path: Path) -> None:
    for epoch in (10, 9, 1):
        losses = {"head.loss": {"ratio": [epoch, -epoch]}, "head.loss.loss": {"ratio": [0, 0]}}
        if epoch > 1:  # a value that is recorded from the second epoch on
            losses["head.loss.loss"]["fraction"] = [0.5, epoch / 10]
        record(tmp_path, f"epoch_{epoch}", losses)
    classes, histories = read_statistics_histories(tmp_path)
    assert classes == ["cat", "dog"]
    # The values of the outer loss.
    np.testing.assert_array_equal(histories["ratio"], [[1, -1], [9, -9], [10, -10]])
    np.testing.assert_array_equal(histories["fraction"], [[np.nan, np.nan], [0.5, 0.9], [0.5, 1.0]])
    np.testing.assert_array_equal(read_statistics_history(tmp_path, "fraction")[1], [[0.5, 0.9], [0.5, 1.0]])


def test_null_is_nan(tmp_path: Path) -> None:
    record(tmp_path, "epoch_1", {"head.loss": {"ratio": [None, 2.5]}})
    np.testing.assert_array_equal(read_statistics_history(tmp_path, "ratio")[1], [[np.nan, 2.5]])


def test_missing_record_raises(tmp_path: Path) -> None:
    assert read_statistics_histories(tmp_path) == ([], {})
    with pytest.raises(FileNotFoundError, match=r"No record of 'ratio' in .*label_statistics"):
        read_statistics_history(tmp_path, "ratio")


def test_damaged_records_and_records_of_other_classes_raise(tmp_path: Path) -> None:
    record(tmp_path, "epoch_1", {"head.loss": {"ratio": [1, 2]}})
    record(tmp_path, "epoch_2", {"head.loss": {"ratio": [1, 2, 3]}}, classes=("cat", "dog", "emu"))
    with pytest.raises(ValueError, match=r"epoch_2.json: expected the classes of epoch_1.json, found diff"):
        read_statistics_histories(tmp_path)
    for content in ('{"classes": ["cat', "[]", '{"classes": ["cat", "dog"]}'):
        (tmp_path / "label_statistics" / "epoch_2.json").write_text(content)
        with pytest.raises(
            ValueError, match=r"epoch_2.json: expected label statistics written .* Remove the file"
        ):
            read_statistics_histories(tmp_path)


def test_records_of_an_earlier_longer_training_are_skipped(tmp_path: Path) -> None:
    for epoch in (1, 2, 3, 10):
        record(tmp_path, f"epoch_{epoch}", {"head.loss": {"ratio": [epoch, epoch]}})

    def epochs(note: str) -> list[float]:
        (tmp_path / "last_checkpoint").write_bytes(os.fsencode(note))
        return read_statistics_histories(tmp_path, to_last_checkpoint=True)[1]["ratio"][:, 0].tolist()

    assert epochs("work_dirs/run/epoch_2.pth\n") == [1, 2]
    for note in ("work_dirs/run/epoch_10.pth", "iter_5.pth", "final.pth", "", "\udcff"):
        assert epochs(note) == [1, 2, 3, 10]
    assert len(read_statistics_histories(tmp_path)[1]["ratio"]) == 4
