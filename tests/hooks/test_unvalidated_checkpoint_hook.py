"""A run that is killed between a checkpoint and its validation is validated when it is resumed."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmpretrain_imbalance.hooks.unvalidated_checkpoint_hook import UnvalidatedCheckpointHook
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.full_disk import file_size_limit
from tests.integration.small_runs import small_config, train


class Validations(Hook):
    """Hook that records when a run validates; it ends the run before the validation of an iteration."""

    priority = "VERY_HIGH"

    def __init__(self, killed_at: int | None = None) -> None:
        self.killed_at = killed_at
        self.found: list[int] = []

    def before_val(self, runner: Runner) -> None:
        self.found.append(runner.iter)
        if runner.iter == self.killed_at:
            raise KeyboardInterrupt


def run(
    work_dir: Path, killed_at: int | None = None, resume: bool = False, hooks: tuple = (), **train_cfg
) -> list[int]:
    """Train two epochs of two iterations, and return the iterations of the validations."""
    cfg = small_config(work_dir, loss=dict(type="PartialAsymmetricLoss", unknown="ignore"), num_images=64)
    cfg.experiment_name += f"_{resume}_{killed_at}"
    cfg.train_cfg.update(val_interval=1)
    cfg.train_cfg.update(train_cfg)
    cfg.default_hooks.checkpoint.update(save_best="partial-label/mAP", rule="greater")
    cfg.custom_hooks += [dict(type="BestThresholdsHook"), *hooks]
    if not cfg.train_cfg.by_epoch:
        cfg.train_cfg.pop("max_epochs")
        cfg.param_scheduler = None
        cfg.default_hooks.checkpoint.update(by_epoch=False, interval=1)
        cfg.custom_hooks[0].interval = 1
        cfg.train_dataloader.sampler = dict(type="InfiniteSampler", shuffle=True)
    cfg.resume = resume
    validations = Validations(killed_at)
    try:
        train(cfg, validations, UnvalidatedCheckpointHook())
    except KeyboardInterrupt:
        assert killed_at is not None
    return validations.found


def test_the_last_validation_is_made_up_for(tmp_path: Path) -> None:
    """The resumed run has the thresholds and the best checkpoint of an unbroken one."""
    assert run(tmp_path / "whole") == [2, 4]
    work_dir = tmp_path / "killed"
    assert run(work_dir, killed_at=4) == [2, 4]
    assert "thresholds" not in load_weights_only(work_dir / "epoch_2.pth")["meta"]

    assert run(work_dir, resume=True) == [4]

    found, expected = (
        {path.name: load_weights_only(path) for path in folder.glob("*.pth")}
        for folder in (work_dir, tmp_path / "whole")
    )
    assert found.keys() == expected.keys()
    assert {name for name in found if name.startswith("best")}
    for name, content in expected.items():
        assert found[name]["meta"]["thresholds"] == content["meta"]["thresholds"], name
        torch.testing.assert_close(found[name]["state_dict"], content["state_dict"], rtol=0, atol=0)
        best = [
            Path(each[name]["message_hub"]["runtime_info"]["best_ckpt"]).name for each in (found, expected)
        ]
        assert best[0] == best[1]
    assert (work_dir / "thresholds.json").read_text() == (tmp_path / "whole/thresholds.json").read_text()
    assert run(work_dir, resume=True) == []  # it is validated now


def test_a_refit_of_a_finished_run_is_validated(tmp_path: Path) -> None:
    run(tmp_path)
    assert run(tmp_path, resume=True, hooks=(dict(type="RefitHeadHook"),)) == [4]
    assert {"refit", "thresholds"} <= load_weights_only(tmp_path / "epoch_2.pth")["meta"].keys()


def test_only_a_validation_that_is_due_is_made_up_for(tmp_path: Path) -> None:
    run(tmp_path, max_epochs=1, val_begin=2)
    assert (tmp_path / ".unvalidated").read_text() == "2"
    assert run(tmp_path, resume=True, val_begin=2) == [4]


def test_an_iteration_based_run(tmp_path: Path) -> None:
    settings = dict(by_epoch=False, max_iters=3, val_interval=2)
    assert run(tmp_path, killed_at=2, **settings) == [2]
    assert run(tmp_path, resume=True, **settings) == [2, 3]


def test_a_damaged_file_is_no_reason_to_validate(tmp_path: Path) -> None:
    run(tmp_path)
    (tmp_path / ".unvalidated").write_text("")
    assert run(tmp_path, resume=True) == []


def test_the_file_is_kept_while_the_best_weights_are_saved(tmp_path: Path) -> None:
    """A full disk would leave an empty file, and a resumed run would not repeat the validation."""
    runner = SimpleNamespace(val_loop=object(), work_dir=str(tmp_path), logger=logging.getLogger("a run"))
    hook = UnvalidatedCheckpointHook()
    hook.before_save_checkpoint(runner, dict(meta=dict(iter=9)))
    with file_size_limit(0):
        hook.before_save_checkpoint(runner, dict(meta=dict(iter=9)))
    assert (tmp_path / ".unvalidated").read_text() == "9"
    hook.before_save_checkpoint(runner, dict(meta=dict(iter=12)))
    assert (tmp_path / ".unvalidated").read_text() == "12"


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / ".unvalidated").mkdir()
    assert run(tmp_path) == [2, 4]


def test_a_run_without_validation_writes_nothing(tmp_path: Path) -> None:
    cfg = small_config(tmp_path, epochs=1, loss=dict(type="PartialAsymmetricLoss", unknown="ignore"))
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    train(cfg, UnvalidatedCheckpointHook())
    assert not (tmp_path / ".unvalidated").exists()
