"""Runs of two ranks: equal buffers, validation of the saved weights, and resumption by one or two ranks."""

from __future__ import annotations

import os
import runpy
import shutil
import sys
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch

import numpy as np
import pytest
import torch
from mmengine.hooks import EMAHook, Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS

from mmpretrain_imbalance.hooks.synchronized_buffers_hook import average_over_ranks
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.processes import run_ranks

from .small_runs import ROOT, small_config

State = dict[str, np.ndarray]


@HOOKS.register_module(force=True)
class RecordRun(Hook):
    """Hook that records the state with which a run starts and ends, and the results of its validations."""

    priority = "LOWEST"
    records: ClassVar[list[dict]] = []

    def before_run(self, runner: Runner) -> None:
        self.record = dict(metrics={}, thresholds={})
        self.records.append(self.record)

    def before_train(self, runner: Runner) -> None:
        self.record.update(start=state(runner), batch_size=runner.train_dataloader.batch_size)

    def after_train(self, runner: Runner) -> None:
        self.record["end"] = state(runner)

    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        self.record["metrics"][runner.epoch] = metrics
        thresholds = Path(runner.work_dir) / "thresholds.json"
        self.record["thresholds"][runner.epoch] = thresholds.read_text() if runner.rank == 0 else None

    def after_test_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        self.record["metrics"]["test"] = metrics


def state(runner: Runner) -> State:
    """Return the weights and buffers of the model and of the averaged model."""
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    (averaged,) = (hook.ema_model for hook in runner.hooks if isinstance(hook, EMAHook))
    found = {**model.state_dict(), **{f"ema.{key}": value for key, value in averaged.state_dict().items()}}
    return {key: value.numpy().copy() for key, value in found.items()}


def saved_state(path: Path) -> State:
    """Return the same values of a checkpoint, in which EMAHook exchanges both models."""
    checkpoint = load_weights_only(path)
    averaged, model = checkpoint["state_dict"], checkpoint["ema_state_dict"]
    found = {key.removeprefix("module."): value for key, value in model.items() if key != "steps"}
    found |= {f"ema.module.{key}": value for key, value in averaged.items()} | {"ema.steps": model["steps"]}
    return {key: value.numpy() for key, value in found.items()}


def call_tool(name: str, *arguments: str | Path, ranks: int = 1) -> dict:
    """Call a command in this process, and return the record of its run."""
    command = [name, *map(str, arguments)]
    command += ["--launcher", "pytorch"] if ranks > 1 else []
    folder = str(ROOT / "tools")
    with patch.object(sys, "argv", command), patch.object(sys, "path", [folder, *sys.path]):
        with patch.dict(os.environ):
            tool = runpy.run_path(f"{folder}/{name}")
            tool["main"](*tool["parse_args"]())
    return RecordRun.records[-1]


def train(config: Path, work_dir: Path, epochs: int, *options: str, ranks: int = 1) -> dict:
    settings = [
        f"train_cfg.max_epochs={epochs}",
        # MMEngine has one logger per name in a process.
        f"experiment_name={work_dir.name}_{epochs}_{len(RecordRun.records)}",
    ]
    arguments = [config, "--work-dir", work_dir, *options, "--cfg-options", *settings]
    return call_tool("train.py", *arguments, ranks=ranks)


def evaluate(config: Path, checkpoint: Path, ranks: int = 1) -> dict:
    name = f"experiment_name=test_{len(RecordRun.records)}"
    work_dir = checkpoint.parent / "test"
    arguments = [config, checkpoint, "--work-dir", work_dir, "--cfg-options", name]
    metrics = call_tool("test.py", *arguments, ranks=ranks)["metrics"]["test"]
    return {key: value for key, value in metrics.items() if not key.startswith("chosen-thresholds/")}


def runs_of_two_ranks(folder: Path) -> dict[str, dict]:
    config = folder / "config_of_2.py"
    found = {"whole": train(config, folder / "whole", 2, ranks=2)}
    train(config, folder / "parts", 1, ranks=2)
    found["parts"] = train(config, folder / "parts", 2, "--resume", ranks=2)
    found["one_to_two"] = train(folder / "config_of_1.py", folder / "one_to_two", 2, "--resume", ranks=2)
    found["test"] = evaluate(config, folder / "whole" / "epoch_2.pth", ranks=2)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with configs of one process and of two, which have the same total batch size."""
    folder = tmp_path_factory.mktemp("ranks")
    for ranks in (1, 2):
        cfg = small_config(folder)
        cfg.train_cfg.val_interval = 1
        cfg.train_dataloader.batch_size = 32 // ranks
        cfg.test_evaluator, cfg.test_cfg = cfg.val_evaluator, dict()
        cfg.custom_hooks += [
            dict(type="EMAHook", momentum=0.2),
            dict(type="BestThresholdsHook"),
            dict(type="RecordRun"),
        ]
        cfg.dump(folder / f"config_of_{ranks}.py")
    return folder


@pytest.fixture(scope="module")
def runs(folder: Path) -> list[dict[str, dict]]:
    """Records of both ranks. A run of one process for them to resume comes first."""
    train(folder / "config_of_1.py", folder / "one_to_two", 1)
    shutil.copytree(folder / "one_to_two", folder / "one")
    # MMEngine empties the file before it writes the name of the checkpoint.
    (folder / "one_to_two" / "last_checkpoint").write_text("")
    return run_ranks(runs_of_two_ranks, 2, folder)


def assert_same(found: dict, expected: dict) -> None:
    """Compare arrays, or metrics of which some are NaN, bit for bit."""
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def test_ranks_have_the_same_buffers_at_the_end(runs, folder: Path) -> None:
    first, second = (rank["whole"]["end"] for rank in runs)
    assert any(name.endswith("running_var") for name in first)
    assert_same(second, first)
    assert_same(first, saved_state(folder / "whole" / "epoch_2.pth"))


def test_validation_in_training_equals_a_test_of_the_checkpoint(runs, folder: Path) -> None:
    one = evaluate(folder / "config_of_1.py", folder / "whole" / "epoch_2.pth")
    for rank in runs:
        assert_same(rank["test"], rank["whole"]["metrics"][2])
        assert_same(one, rank["whole"]["metrics"][2])


def test_a_run_resumed_by_two_ranks_equals_an_unbroken_one(runs) -> None:
    for rank in runs:
        assert_same(rank["parts"]["end"], rank["whole"]["end"])
        assert_same(rank["parts"]["metrics"][2], rank["whole"]["metrics"][2])
        assert rank["parts"]["thresholds"][2] == rank["whole"]["thresholds"][2]


def test_two_ranks_resume_a_run_of_one(runs, folder: Path) -> None:
    for rank in runs:
        assert_same(rank["one_to_two"]["start"], saved_state(folder / "one" / "epoch_1.pth"))
        assert rank["one_to_two"]["batch_size"] == 16
        assert list(rank["one_to_two"]["metrics"]) == [2]


def test_one_process_resumes_a_run_of_two_ranks(runs, folder: Path) -> None:
    """The run was killed between the checkpoint of the first epoch and its validation."""
    work_dir = folder / "two_to_one"
    shutil.copytree(folder / "whole", work_dir)
    (work_dir / "epoch_2.pth").unlink()
    checkpoint = load_weights_only(work_dir / "epoch_1.pth")
    thresholds = checkpoint["meta"].pop("thresholds")
    torch.save(checkpoint, work_dir / "epoch_1.pth")
    (work_dir / "last_checkpoint").write_text(str(folder / "whole" / "epoch_1.pth"))
    (work_dir / "thresholds.json").unlink()
    (work_dir / ".unvalidated").write_text(str(checkpoint["meta"]["iter"]))

    resumed, whole = train(folder / "config_of_2.py", work_dir, 2, "--resume"), runs[0]["whole"]

    assert_same(resumed["start"], saved_state(folder / "whole" / "epoch_1.pth"))
    assert resumed["batch_size"] == 32
    assert list(resumed["metrics"]) == [1, 2]
    assert_same(resumed["metrics"][1], whole["metrics"][1])
    assert resumed["thresholds"][1] == whole["thresholds"][1]
    assert load_weights_only(work_dir / "epoch_1.pth")["meta"]["thresholds"] == thresholds
    assert not (work_dir / ".unvalidated").exists()


def mean_of_ranks() -> list[np.ndarray]:
    rank = int(os.environ["RANK"])
    torch.distributed.init_process_group("gloo")
    buffers = [
        torch.tensor([[0.1, rank, 2.0**rank]]),
        torch.tensor([0.7, torch.inf, 1e-30], dtype=torch.float64),
    ]
    average_over_ranks(buffers)
    average_over_ranks([])
    return [buffer.numpy() for buffer in buffers]


def test_means_of_three_ranks() -> None:
    for found in run_ranks(mean_of_ranks, 3):
        np.testing.assert_array_equal(found[0], np.float32([[0.1, 1, 7 / 3]]))
        np.testing.assert_array_equal(found[1], [0.7, np.inf, 1e-30])
