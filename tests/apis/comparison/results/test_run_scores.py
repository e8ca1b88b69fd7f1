from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, f1_score, recall_score, roc_auc_score

from mmpretrain_imbalance.apis.comparison.results.run_scores import score_run
from mmpretrain_imbalance.metrics.known_predictions import KnownPredictions
from mmpretrain_imbalance.utils.class_values import write_named_values
from tests.apis.comparison.results.compared_runs import write_run


def mean(values) -> float:
    return float(np.mean(list(values)))


def test_values_are_those_of_scikit_learn(tmp_path: Path) -> None:
    run = write_run(tmp_path, "bce", 0.8)
    scores = score_run(run, num_rarest=2, num_resamples=3)
    known = KnownPredictions.load(run.folder / "predictions.npz")
    thresholds = [0.3, 0.4, 0.5, 0.6]
    classes = [(known.labels[known.classes == c], known.scores[known.classes == c]) for c in range(4)]
    ap = [average_precision_score(*pair) for pair in classes]
    f1 = [f1_score(truth, score >= 0.5) for truth, score in classes]
    recall = [recall_score(truth, score >= 0.5) for truth, score in classes]
    chosen = [f1_score(truth, score >= limit) for (truth, score), limit in zip(classes, thresholds)]
    # The training positives 200, 50, 12 and 3 are head, middle, tail and tail.
    expected = {
        "mAP": mean(ap),
        "mAP_head": ap[0],
        "mAP_middle": ap[1],
        "mAP_tail": mean(ap[2:]),
        "mAP_rarest": mean(ap[2:]),
        "macro_f1": mean(f1),
        "macro_f1_chosen": mean(chosen),
        "f1_rarest": mean(f1[2:]),
        "f1_head": f1[0],
        "f1_middle": f1[1],
        "f1_tail": mean(f1[2:]),
        "f1_head_chosen": chosen[0],
        "f1_middle_chosen": chosen[1],
        "f1_tail_chosen": mean(chosen[2:]),
        "recall_head": recall[0],
        "recall_middle": recall[1],
        "recall_tail": mean(recall[2:]),
        "AUROC": mean(roc_auc_score(*pair) for pair in classes),
    }
    assert {name: scores.values[name] for name in expected} == pytest.approx(expected)
    np.testing.assert_allclose(scores.classes.ap, ap)
    np.testing.assert_allclose(scores.classes.f1_chosen, chosen)
    assert scores.classes.test_positives.tolist() == [truth.sum() for truth, _ in classes]
    assert scores.classes.thresholds.tolist() == thresholds
    for name, values in scores.resampled.items():
        assert values[0] == pytest.approx(scores.values[name])
        assert len(values) == 4
    assert {scores.values[f"top1{end}"] for end in ("", "_head", "_middle", "_tail")} == {None}


def test_top1_of_images_with_one_class_is_that_of_scikit_learn(tmp_path: Path) -> None:
    run = write_run(tmp_path, "bce", 1)
    generator = np.random.default_rng(0)
    truth = generator.integers(4, size=60)
    table = (generator.random((60, 4)) + 0.5 * np.eye(4)[truth]) / 1.5
    images, classes = np.indices(table.shape)
    columns = [values.ravel() for values in (images, classes, table, np.eye(4, dtype=int)[truth])]
    KnownPredictions([f"class {c}" for c in range(4)], 60, *columns).save(run.folder / "predictions.npz")
    scores, without = (score_run(run, num_resamples=count) for count in (50, 0))
    recall = recall_score(truth, table.argmax(axis=1), average=None)
    expected = {
        "top1": accuracy_score(truth, table.argmax(axis=1)),
        "top1_head": recall[0],
        "top1_middle": recall[1],
        "top1_tail": mean(recall[2:]),
    }
    for name, value in expected.items():
        assert scores.values[name] == without.values[name] == pytest.approx(value)
        assert scores.resampled[name][0] == pytest.approx(value)
    # The resamples are those of the other metrics: each has 60 images, drawn with replacement.
    spread = scores.resampled["top1"][1:].std()
    assert spread == pytest.approx(np.sqrt(expected["top1"] * (1 - expected["top1"]) / 60), rel=0.4)


def test_the_calibration_error_is_the_mean_over_classes(tmp_path: Path) -> None:
    """One element in each of the bins 0 and 14: |0.02 - 0| and |0.98 - 0|, each with half the weight."""
    run = write_run(tmp_path, "bce", 1)
    elements = [np.array(column) for column in ([0, 1], [0, 0], [0.02, 0.98], [0, 0])]
    KnownPredictions([f"class {c}" for c in range(4)], 2, *elements).save(run.folder / "predictions.npz")
    values = score_run(run, num_resamples=0).values
    assert values["calibration_error"] == pytest.approx(0.5)
    assert {name for name, value in values.items() if value is not None} == {"calibration_error"}


def test_groups_of_the_dataset_take_precedence(tmp_path: Path) -> None:
    run = write_run(tmp_path, "bce", 0.8)
    known = KnownPredictions.load(run.folder / "predictions.npz")
    plain = score_run(run, num_resamples=0)
    replace(known, class_groups=["tail", "tail", "head", "head"]).save(run.folder / "predictions.npz")
    named = score_run(run, num_resamples=0)
    assert (plain.groups_of_dataset, named.groups_of_dataset) == (False, True)
    assert named.values["mAP_tail"] == pytest.approx(plain.classes.ap[:2].mean())
    assert named.values["mAP_middle"] is None


def test_resamples_depend_on_the_test_set_only(tmp_path: Path) -> None:
    """The same scores have the same resampled values in another run with the same test set."""
    first, second = (score_run(write_run(tmp_path, "bce", 1, seed=seed), num_resamples=5) for seed in (0, 1))
    other = score_run(write_run(tmp_path, "plm", 1, test_seed=4), num_resamples=5)
    assert first.test_set == second.test_set != other.test_set
    again = score_run(write_run(tmp_path, "bce", 1, seed=0), num_resamples=5)
    np.testing.assert_array_equal(first.resampled["mAP"], again.resampled["mAP"])
    assert score_run(write_run(tmp_path, "bce", 1), num_resamples=0).resampled == {}


def test_other_test_sets_have_other_resamples(tmp_path: Path) -> None:
    """The same predictions for classes of other names are those of another test set."""
    run = write_run(tmp_path, "bce", 1)
    first = score_run(run, num_resamples=5).resampled["mAP"]
    known = KnownPredictions.load(run.folder / "predictions.npz")
    names = [f"other {name}" for name in known.class_names]
    replace(known, class_names=names).save(run.folder / "predictions.npz")
    write_named_values(run.folder / "thresholds.json", names, {"thresholds": [0.5] * 4})
    second = score_run(run, num_resamples=5).resampled["mAP"]
    assert first[0] == second[0]
    assert not np.isclose(first[1:], second[1:]).any()


def test_missing_thresholds_and_other_classes_raise(tmp_path: Path) -> None:
    run = write_run(tmp_path, "bce", 1)
    with pytest.raises(
        ValueError, match="training_positives of score_run must be one number for each of the 4"
    ):
        score_run(replace(run, training_positives=np.ones(3)))
    path = run.folder / "thresholds.json"
    path.write_text(json.dumps({"classes": ["class 0"], "thresholds": [0.5]}))
    with pytest.raises(ValueError, match="found none for 'class 1'"):
        score_run(run)
    path.unlink()
    with pytest.raises(FileNotFoundError, match="The file of thresholds values must exist"):
        score_run(run)
