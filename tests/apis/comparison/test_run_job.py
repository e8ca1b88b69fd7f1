"""Jobs of a comparison: the score of a trial, the config of a run, and the class prior."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from sklearn.metrics import average_precision_score

from mmpretrain_imbalance.apis.comparison import run_job
from mmpretrain_imbalance.apis.comparison.compared_method import read_method
from mmpretrain_imbalance.apis.comparison.compared_setting import read_setting
from mmpretrain_imbalance.apis.comparison.data_parts import read_data_parts
from mmpretrain_imbalance.apis.comparison.run_job import prepare_parts, train_and_score, validation_score
from mmpretrain_imbalance.metrics.known_predictions import KnownPredictions

PROTOCOL = Path(__file__).resolve().parents[3] / "configs" / "_base_" / "protocols" / "digits_all_known.py"


def predictions(labels: np.ndarray, scores: np.ndarray) -> KnownPredictions:
    images, classes = np.nonzero(labels != -1)
    names = [f"class {index}" for index in range(labels.shape[1])]
    known = (scores[images, classes], labels[images, classes])
    return KnownPredictions(names, len(labels), images, classes, *known)


@pytest.fixture
def labels() -> np.ndarray:
    labels = np.random.default_rng(0).choice([1, 0, 0, -1], (60, 6))
    labels[:, 4] = np.minimum(labels[:, 4], 0)  # no positive
    labels[:, 5] = 2 * (labels[:, 5] == 1) - 1  # no negative
    return labels


def test_the_score_weights_a_class_by_the_root_of_its_positives(labels):
    scores = np.random.default_rng(1).random(labels.shape).astype(np.float32)
    numerator = denominator = 0.0
    for class_labels, class_scores in zip(labels.T, scores.T):
        known = class_labels != -1
        positives = int((class_labels == 1).sum())
        if positives == 0 or positives == known.sum():
            continue
        numerator += math.sqrt(positives) * average_precision_score(class_labels[known], class_scores[known])
        denominator += math.sqrt(positives)
    assert denominator > 0
    assert validation_score(predictions(labels, scores)) == pytest.approx(numerator / denominator)


def test_a_class_without_positives_and_negatives_has_no_score(labels):
    assert math.isnan(validation_score(predictions(labels[:, 4:5], np.zeros((60, 1)))))


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder with a short path: MMEngine takes seconds to format a config with long strings."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def base(tmp_path) -> str:
    cfg = Config.fromfile(PROTOCOL)
    cfg.train_dataloader.dataset.num_images = 60
    path = tmp_path / "base.py"
    path.write_text(cfg.pretty_text)
    return str(path)


@pytest.fixture
def job(base, tmp_path, labels, monkeypatch):
    """Run the job of a run, whose training only writes its files."""
    parts, folder, steps, priors = tmp_path / "parts", tmp_path / "run", [], []
    prepare_parts(base, read_setting("as_annotated"), 0, parts, 0.25, None, steps.append)
    assert steps == [1]

    def train(folder, class_prior, trained, on_epoch):
        predictions(labels, np.linspace(0, 1, labels.size).reshape(labels.shape)).save(
            Path(folder) / "val_predictions.npz"
        )
        (Path(folder) / "last_checkpoint").write_text(str(Path(folder) / "epoch_2.pth"))
        if class_prior:
            (Path(folder) / "class_prior.json").write_text("{}")
        on_epoch(2)

    monkeypatch.setattr(run_job, "train_run", train)
    monkeypatch.setattr(run_job, "write_class_prior", lambda cfg, path: priors.append(path))

    def run(method="binary_cross_entropy", setting="as_annotated", changes=None, estimates_prior=False):
        read = read_method(method), read_setting(setting)
        options = (changes or {}, parts, None, estimates_prior, folder, None, steps.append)
        train_and_score(base, *read, 0, *options)
        return folder, steps, priors

    return run


def test_parts_are_those_of_the_arguments(job, tmp_path):
    parts = read_data_parts(tmp_path / "parts")
    assert (parts.num_samples, parts.num_train) == (60, 45)
    assert not (tmp_path / "parts" / "test.npy").exists()


def test_a_job_leaves_the_config_and_the_score(job, labels):
    folder, steps, priors = job()
    assert Config.fromfile(folder / "config.py").model.head.loss.type == "PartialAsymmetricLoss"
    score = json.loads((folder / "validation.json").read_text())["weighted_mAP"]
    assert score == pytest.approx(validation_score(KnownPredictions.load(folder / "val_predictions.npz")))
    assert (steps, priors) == ([1, 2], [])
    (folder / "validation.json").unlink()
    job()  # the same config is accepted
    assert (folder / "validation.json").exists()


def test_a_score_that_is_not_defined_is_null(job, labels):
    labels[:] = -1
    folder, _, _ = job()
    assert json.loads((folder / "validation.json").read_text()) == {"weighted_mAP": None}


@pytest.mark.parametrize(
    "changed",
    [dict(method="hill_loss"), dict(setting="rps:0.5"), dict(changes={"learning_rate": 3.0})],
)
def test_a_run_with_another_config_is_rejected(job, changed):
    folder, _, _ = job()
    before = (folder / "config.py").read_text()
    (folder / "validation.json").unlink()
    with pytest.raises(ValueError, match=r"'work_dir' argument of compare_methods .*remove the folder"):
        job(**changed)
    assert (folder / "config.py").read_text() == before
    assert not (folder / "validation.json").exists()


def test_the_class_prior_is_made_afterwards_if_nobody_required_it_before(job, monkeypatch):
    folder, _, priors = job()
    assert not (folder / "class_prior.json").exists()
    (folder / "finished.json").write_text("{}")
    monkeypatch.setattr(run_job, "train_run", lambda *args, **kwargs: None)  # as of a finished run
    job(estimates_prior=True)
    assert priors == [folder / "epoch_2.pth"]


def test_the_class_prior_of_a_new_run_is_made_once(job):
    folder, _, priors = job(estimates_prior=True)
    assert (folder / "class_prior.json").exists()
    assert priors == []
