"""A run that is killed anywhere ends as an unbroken one."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmpretrain_imbalance.apis.comparison.runs import epoch_times
from mmpretrain_imbalance.apis.comparison.runs.train_run import train_run
from mmpretrain_imbalance.functional import best_thresholds
from mmpretrain_imbalance.metrics.known_predictions import KnownPredictions
from mmpretrain_imbalance.utils.class_values import read_named_values
from mmpretrain_imbalance.utils.folder_lock import folder_lock
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.hooks.test_epoch_seed_hook import DroppedConvNet, NoisyImage  # noqa: F401  (registers them)
from tests.integration.small_runs import CONFIGS
from tests.processes import exit_code

EPOCHS = 3
NAMES = [str(digit) for digit in range(10)]


def write_config(folder: Path, **changes) -> Path:
    """Write the complete config of a run of three epochs of two steps, with augmentation and dropout."""
    cfg = Config.fromfile(CONFIGS / "partial_bce" / "digits-imbalanced_bce.py")
    cfg.model.backbone.update(type="DroppedConvNet", channels=(4, 8))
    cfg.model.head.in_channels = 8
    cfg.train_dataloader.update(batch_size=32)
    cfg.train_dataloader.dataset.update(
        num_images=64, pipeline=[dict(type="NoisyImage"), dict(type="PackInputs")]
    )
    cfg.val_dataloader.dataset.num_images = cfg.test_dataloader.dataset.num_images = 40
    cfg.train_cfg.max_epochs = cfg.param_scheduler.total_steps = EPOCHS
    cfg.custom_hooks.append(dict(type="BestThresholdsHook"))
    cfg.log_level = "ERROR"
    cfg.merge_from_dict(changes)
    folder.mkdir(parents=True)
    cfg.dump(folder / "config.py")
    return folder


def outcome(folder: Path) -> dict:
    """Read everything that must be the same for a killed run."""
    (checkpoint,) = folder.glob("epoch_*.pth")
    content = load_weights_only(checkpoint)
    return {
        "checkpoint": checkpoint.name,
        "last_checkpoint": Path((folder / "last_checkpoint").read_text()).name,
        "weights": {name: value.numpy().tobytes() for name, value in content["state_dict"].items()},
        "thresholds in the checkpoint": json.dumps(content["meta"]["thresholds"], sort_keys=True),
        **{
            name: (folder / name).read_bytes()
            for name in (
                *("predictions.npz", "val_predictions.npz", "thresholds.json", "class_prior.json"),
                *("finished.json", "label_counts.json"),
            )
        },
    }


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> Path:
    folder = write_config(tmp_path_factory.mktemp("hill") / "seed_0_trial_0")
    epochs = []
    train_run(folder, class_prior=True, on_epoch=epochs.append)
    assert epochs == [0, 1, 2, 3]
    return folder


def kill(*arguments) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_run(folder: Path, place: str) -> None:
    if place == "second epoch":
        original = epoch_times.EpochTimesHook.after_train_iter
        epoch_times.EpochTimesHook.after_train_iter = lambda self, runner, *arguments, **options: (
            kill() if runner.iter == 2 else original(self, runner, *arguments, **options)
        )
    after = {"last checkpoint": EPOCHS, "second checkpoint": 2}.get(place)
    train_run(folder, class_prior=True, on_epoch=lambda epoch: kill() if epoch == after else None)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["second epoch", "last checkpoint"])
def test_killed_and_resumed_run_equals_an_unbroken_one(unbroken, tmp_path, place):
    folder = write_config(tmp_path / "run")
    assert exit_code(killed_run, folder, place) == -signal.SIGKILL
    assert not (folder / "finished.json").exists()
    train_run(folder, class_prior=True)
    assert outcome(folder) == outcome(unbroken)
    times = json.loads((folder / "epoch_times.json").read_text())
    assert list(times) == ["1", "2", "3"]
    assert [times[epoch]["first_of_process"] for epoch in times] == [True, place == "second epoch", False]


@pytest.mark.slow
def test_a_refit_of_a_finished_run_equals_a_training_with_the_refit(unbroken, tmp_path):
    hooks = [dict(type=name) for name in ("LabelStatisticsHook", "BestThresholdsHook", "RefitHeadHook")]
    trained, continued = (write_config(tmp_path / name, custom_hooks=hooks) for name in "ab")
    train_run(trained, class_prior=True)
    steps = []
    train_run(continued, class_prior=True, trained=unbroken, on_epoch=steps.append)
    assert steps == [EPOCHS]
    assert outcome(continued) == outcome(trained)
    assert outcome(continued)["weights"] != outcome(unbroken)["weights"]
    assert (continued / "refit.json").read_text() == (trained / "refit.json").read_text()
    assert (continued / "epoch_times.json").read_text() == (unbroken / "epoch_times.json").read_text()


def test_damaged_files_do_not_end_a_run(unbroken, tmp_path):
    folder = write_config(tmp_path / "run", log_level="WARNING")
    assert exit_code(killed_run, folder, "second checkpoint") == -signal.SIGKILL
    (folder / "last_checkpoint").write_text("")
    newest = folder / "epoch_2.pth"
    newest.write_bytes(newest.read_bytes()[:1000])
    (folder / "epoch_3.pth").write_bytes(b"")
    epochs = []
    train_run(folder, class_prior=True, on_epoch=epochs.append)
    assert epochs == [1, 2, 3]
    assert outcome(folder) == outcome(unbroken)
    log = "".join(path.read_text() for path in folder.glob("*/*.log"))
    assert "epoch_2.pth is not complete" in log
    assert "epoch_3.pth is not complete" in log


def test_files_of_a_run(unbroken):
    for name, split in (("val_predictions.npz", "val"), ("predictions.npz", "test")):
        predictions = KnownPredictions.load(unbroken / name)
        assert predictions.num_images == 40, split
        assert len(predictions.scores) == 400
        assert predictions.training_positives is not None
    validation = KnownPredictions.load(unbroken / "val_predictions.npz")
    expected, _ = best_thresholds(
        validation.scores, validation.labels, validation.classes, num_classes=10, shrinkage=10.0
    )
    stored = read_named_values(unbroken / "thresholds.json", "thresholds", NAMES)
    np.testing.assert_allclose(stored, expected, rtol=1e-6)
    timing = json.loads((unbroken / "timing.json").read_text())
    assert set(timing) == {"seconds_per_iteration", "iterations", "seconds"}
    assert timing["iterations"] == 6
    assert 0 < timing["seconds_per_iteration"] < timing["seconds"]


def test_finished_run_returns_at_once(tmp_path):
    (tmp_path / "finished.json").write_text("{}")
    train_run(tmp_path)
    assert os.listdir(tmp_path) == ["finished.json"]


def test_diverged_run_is_an_error_that_names_folder_and_method(tmp_path):
    optimizer = dict(type="SGD", lr=1e30)
    folder = write_config(
        tmp_path / "hill" / "seed_0_trial_0",
        **{"optim_wrapper.optimizer": optimizer, "param_scheduler": None},
    )
    with pytest.raises(ValueError, match=r"method .hill. in .*seed_0_trial_0.*diverged"):
        train_run(folder)
    assert not list(folder.glob("*.pth"))
    assert not (folder / "predictions.npz").exists()


def test_errors(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"folder with a config\.py"):
        train_run(tmp_path / "missing")
    by_iterations = write_config(tmp_path / "a", **{"train_cfg.by_epoch": False})
    with pytest.raises(ValueError, match="must train by epochs"):
        train_run(by_iterations)
    without_test = write_config(tmp_path / "b", test_dataloader=None)
    with pytest.raises(ValueError, match="must have a test_dataloader"):
        train_run(without_test)
    with pytest.raises(ValueError, match="'device' argument of train_run"):
        train_run(by_iterations, device="xpu")
    monkeypatch.setattr("mmpretrain_imbalance.apis.comparison.runs.train_run.LOCK_TIMEOUT", 0.0)
    with folder_lock(by_iterations), pytest.raises(TimeoutError, match="in use"):
        train_run(by_iterations)


def test_threads_of_the_process_are_restored(tmp_path):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(ValueError, match="must train by epochs"):
            train_run(write_config(tmp_path / "run", **{"train_cfg.by_epoch": False}))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
