"""File with the known elements of a validation set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmpretrain_imbalance.metrics.dump_predictions import DumpPredictions
from mmpretrain_imbalance.metrics.known_predictions import KnownPredictions
from tests.metrics.samples import CLASSES, data_samples, evaluate, scores_and_labels


@pytest.mark.parametrize("batch_size", [1, 5, 23])
def test_file_contains_every_known_element_once(tmp_path: Path, batch_size: int) -> None:
    scores, labels = scores_and_labels()
    metric = DumpPredictions(tmp_path / "predictions.npz")
    metric.set_label_counts([7, 300, 0, 50], ["dog", "cat", "emu", "fox"])

    assert evaluate(metric, data_samples(scores, labels), batch_size) == {}

    found = KnownPredictions.load(tmp_path / "predictions.npz")
    expected = [
        (image, index, scores[image, index].item(), labels[image, index].item())
        for image in range(len(labels))
        for index in range(labels.shape[1])
        if labels[image, index] != -1
    ]
    rows = list(zip(found.images, found.classes, found.scores, found.labels))
    assert rows == expected
    assert found.num_images == len(labels)
    assert found.class_names == list(CLASSES)
    np.testing.assert_array_equal(found.training_positives, [300, 7, 0, 50])


def test_scores_of_unknown_elements_have_no_effect(tmp_path: Path) -> None:
    scores, labels = scores_and_labels()
    contents = []
    for filled in (scores, scores.masked_fill(labels == -1, 0.123)):
        evaluate(DumpPredictions(tmp_path / "a.npz"), data_samples(filled, labels))
        contents.append((tmp_path / "a.npz").read_bytes())
    assert contents[0] == contents[1]


def test_groups_of_the_dataset_are_saved(tmp_path: Path) -> None:
    scores, labels = scores_and_labels()
    path = tmp_path / "predictions.npz"
    groups = ["tail", "head", "head", "middle"]
    evaluate(DumpPredictions(path), data_samples(scores, labels), class_groups=groups)
    assert KnownPredictions.load(path).class_groups == groups
    evaluate(DumpPredictions(path), data_samples(scores, labels))
    assert KnownPredictions.load(path).class_groups is None


def test_damaged_files_raise_with_their_name(tmp_path: Path) -> None:
    scores, labels = scores_and_labels()
    path = tmp_path / "predictions.npz"
    evaluate(DumpPredictions(path), data_samples(scores, labels))
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"no archive"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"predictions.npz: expected predictions"):
            KnownPredictions.load(path)
    with pytest.raises(FileNotFoundError, match=r"predictions file must exist. Got .*nowhere.npz' instead"):
        KnownPredictions.load("nowhere.npz")


def test_ending_is_checked_before_training() -> None:
    with pytest.raises(ValueError, match=r"must end in .npz. Got 'predictions.json' instead"):
        DumpPredictions("predictions.json")
