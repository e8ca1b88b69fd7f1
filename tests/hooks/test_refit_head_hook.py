"""The refitted head is the one in the checkpoint, in the validation and on all ranks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpretrain.registry import DATASETS, HOOKS, MODELS

from mmpretrain_imbalance.functional.refit import LinearHead, refit_linear_head
from mmpretrain_imbalance.hooks import RefitHeadHook
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.integration.small_runs import constant_runner, small_config, train
from tests.processes import run_ranks

BCE = dict(type="PartialAsymmetricLoss", unknown="ignore")
WEIGHT, BIAS = "head.fc.weight", "head.fc.bias"


def config(work_dir: Path, *hooks: str | dict, epochs: int = 1) -> Config:
    cfg = small_config(work_dir, epochs, BCE)
    cfg.train_cfg.val_interval = 1
    cfg.custom_hooks += [hook if isinstance(hook, dict) else dict(type=hook) for hook in hooks]
    return cfg


def batches(model: torch.nn.Module, dataset: dict) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Compute features and labels image by image, with the layers of the model and the annotations."""
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        built = DATASETS.build(dataset)
    rows = []
    for index in range(len(built)):
        image = built[index]["inputs"][None].float()
        with torch.no_grad():
            (features,) = model.backbone((image - 33) / 65)
        rows.append((features[0], built[index]["data_samples"].gt_score.float()))
    features, labels = zip(*rows)
    return [(torch.stack(features), torch.stack(labels))]


def expected_head(
    cfg: Config, state: dict, trained: LinearHead, unknown_as_negative: bool = False, has_val: bool = True
) -> LinearHead:
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        model = MODELS.build(cfg.model).eval()
    model.load_state_dict(state)
    train, val = (batches(model, cfg[f"{name}_dataloader"].dataset) for name in ("train", "val"))
    return refit_linear_head(
        trained, train, val if has_val else None, unknown_as_negative=unknown_as_negative
    ).head


def assert_same(head: LinearHead, state: dict) -> None:
    torch.testing.assert_close(head.weight.float(), state[WEIGHT], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(head.bias.float(), state[BIAS], rtol=1e-4, atol=1e-5)


class HeadAtValidation(Hook):
    """Hook that records the bias of the model at each validation."""

    def __init__(self) -> None:
        self.biases: list[torch.Tensor] = []

    def before_val_iter(self, runner: Runner, batch_idx: int, data_batch=None) -> None:
        self.biases.append(runner.model.head.fc.bias.detach().clone())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, dict, list[torch.Tensor]]:
    """Run with a refit of the averaged model."""
    hooks = "RefitHeadHook", "BestThresholdsHook", dict(type="EMAHook", momentum=0.4)
    cfg = config(tmp_path_factory.mktemp("refit") / "run", *hooks, epochs=2)
    record = HeadAtValidation()
    train(cfg, record)
    return cfg, load_weights_only(Path(cfg.work_dir) / "epoch_2.pth"), record.biases


def test_only_the_averaged_head_differs_from_a_run_without_refit(run, tmp_path: Path) -> None:
    cfg, checkpoint, biases = run
    train(config(tmp_path / "plain", dict(type="EMAHook", momentum=0.4), epochs=2))
    plain = load_weights_only(tmp_path / "plain" / "epoch_2.pth")
    # MMEngine stores the averaged weights as the state of the model, and those in training as ema_state_dict.
    torch.testing.assert_close(checkpoint["ema_state_dict"], plain["ema_state_dict"], rtol=0, atol=0)
    assert not torch.equal(plain["state_dict"][WEIGHT], plain["ema_state_dict"][f"module.{WEIGHT}"])
    kept = load_weights_only(Path(cfg.work_dir) / "head_before_refit.pth")
    refitted = checkpoint["state_dict"]
    assert {*kept} == {WEIGHT, BIAS}
    assert not torch.equal(refitted[WEIGHT], kept[WEIGHT])
    torch.testing.assert_close({**refitted, **kept}, plain["state_dict"], rtol=0, atol=0)
    first = load_weights_only(Path(cfg.work_dir) / "epoch_1.pth")["state_dict"]
    assert torch.equal(biases[0], first[BIAS])
    assert torch.equal(biases[-1], refitted[BIAS])


def test_the_head_is_that_of_the_features(run) -> None:
    cfg, checkpoint, _ = run
    kept = load_weights_only(Path(cfg.work_dir) / "head_before_refit.pth")
    assert_same(
        expected_head(cfg, {**checkpoint["state_dict"], **kept}, LinearHead(kept[WEIGHT], kept[BIAS])),
        checkpoint["state_dict"],
    )


def test_the_result_is_written(run) -> None:
    cfg, checkpoint, _ = run
    result = json.loads((Path(cfg.work_dir) / "refit.json").read_text())
    assert result["iter"] == checkpoint["meta"]["iter"] == 6
    scores = {candidate["name"]: candidate["score"] for candidate in result["candidates"]}
    assert result["chosen"] == max(scores, key=lambda name: scores[name]) != "trained"
    assert checkpoint["meta"]["thresholds"]["iter"] == 6


def test_a_finished_training_is_refitted_when_it_is_resumed(run, tmp_path: Path) -> None:
    """The checkpoint is that of a training with the hook, and a second resumption leaves it as it is."""
    _, expected, _ = run
    average = dict(type="EMAHook", momentum=0.4)
    train(config(tmp_path / "plain", average, epochs=2))
    cfg = config(tmp_path / "refit", "RefitHeadHook", average, epochs=2)
    cfg.load_from, cfg.resume = str(tmp_path / "plain" / "epoch_2.pth"), True
    train(cfg)
    found = load_weights_only(tmp_path / "refit" / "epoch_2.pth")
    for name in ("state_dict", "ema_state_dict"):
        torch.testing.assert_close(found[name], expected[name], rtol=0, atol=0)
    for name in ("epoch", "iter", "refit"):
        assert found["meta"][name] == expected["meta"][name]
    assert (tmp_path / "refit" / "last_checkpoint").read_text() == str(tmp_path / "refit" / "epoch_2.pth")

    cfg = config(tmp_path / "again", "RefitHeadHook", average, epochs=2)
    cfg.load_from, cfg.resume = str(tmp_path / "refit" / "epoch_2.pth"), True
    train(cfg)
    assert not (tmp_path / "again" / "epoch_2.pth").exists()


def test_a_training_from_a_refitted_checkpoint_has_its_own_refit(run, tmp_path: Path) -> None:
    cfg, _, _ = run
    new = config(tmp_path / "new", "RefitHeadHook", epochs=2)
    new.load_from = str(Path(cfg.work_dir) / "epoch_2.pth")
    train(new)
    first, last = (load_weights_only(tmp_path / "new" / f"epoch_{epoch}.pth")["meta"] for epoch in (1, 2))
    assert "refit" not in first
    result = json.loads((tmp_path / "new" / "refit.json").read_text())
    assert last["refit"] == {"chosen": result["chosen"], "reason": result["reason"]}


def test_positives_only_without_validation_on_a_full_disk(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Unknown labels are negative, nothing is chosen, and the training ends."""
    cfg = config(tmp_path / "run", "RefitHeadHook")
    data, val = cfg.train_dataloader.dataset, cfg.val_dataloader
    cfg.train_dataloader.dataset = dict(
        type="SimulatePartialLabels", protocol="single_positive", seed=0, dataset=data.dataset
    )
    cfg.val_dataloader = cfg.val_evaluator = cfg.val_cfg = None
    (tmp_path / "run" / "refit.json").mkdir(parents=True)  # a file cannot be written there
    hook = RefitHeadHook()
    runner = Runner.from_cfg(Config(dict(cfg, custom_hooks=[dict(type="LabelStatisticsHook")])))
    runner.register_hook(hook)
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert (hook.result.chosen, hook.result.candidates) == ("blend, ridge 3", [])
    assert "could not be written" in caplog.text
    assert "Is a directory" in caplog.text
    checkpoint = load_weights_only(tmp_path / "run" / "epoch_1.pth")["state_dict"]
    kept = load_weights_only(tmp_path / "run" / "head_before_refit.pth")
    trained = LinearHead(kept[WEIGHT], kept[BIAS])
    cfg.val_dataloader = val
    expected = expected_head(cfg, {**checkpoint, **kept}, trained, unknown_as_negative=True, has_val=False)
    assert_same(expected, checkpoint)


def train_rank(work_dir: Path, world_size: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """Train with constant weights, and return the head of this rank, and whether its buffers are the mean."""
    cfg = config(work_dir, "RefitHeadHook")
    cfg.val_dataloader.dataset.num_images = 41
    runner = constant_runner(cfg, world_size)
    mean = next(value for name, value in runner.model.named_buffers() if name.endswith("running_mean"))

    class OwnBuffers(Hook):
        """Hook that gives each rank other buffers, with the mean 0."""

        priority = "ABOVE_NORMAL"

        def after_train_epoch(self, runner: Runner) -> None:
            mean.fill_(runner.rank - (world_size - 1) / 2)

    runner.register_hook(OwnBuffers())
    runner.train()
    state = {name.removeprefix("module."): value for name, value in runner.model.state_dict().items()}
    return state[WEIGHT].numpy(), state[BIAS].numpy(), bool((mean == 0).all())


def test_two_processes_refit_the_head_of_one(tmp_path: Path) -> None:
    *one, _ = train_rank(tmp_path / "one", 1)
    ranks = run_ranks(train_rank, 2, tmp_path / "two", 2)
    for *head, has_mean_buffers in ranks:
        assert has_mean_buffers
        for found, expected, first in zip(head, one, ranks[0]):
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
            np.testing.assert_array_equal(found, first)


def test_an_early_stop_names_the_command(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class StopAfterFirst(Hook):
        def after_val_epoch(self, runner: Runner, metrics=None) -> None:
            runner.train_loop.stop_training = True

    cfg = config(tmp_path / "run", "RefitHeadHook", epochs=2)
    cfg.log_level = "WARNING"
    runner = Runner.from_cfg(cfg)
    runner.register_hook(StopAfterFirst())
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert "not refitted, because the training stopped after epoch 1, before the last one" in caplog.text
    assert not (tmp_path / "run" / "refit.json").exists()


def test_iterations_are_rejected(tmp_path: Path) -> None:
    cfg = config(tmp_path / "run", "RefitHeadHook")
    cfg.train_cfg = dict(by_epoch=False, max_iters=2, val_interval=2)
    cfg.custom_hooks[0].interval = 2
    cfg.default_hooks.checkpoint = dict(type="CheckpointHook", by_epoch=False, interval=2)
    with pytest.raises(ValueError, match=r"must train by epochs.* Got by_epoch=False instead. Set"):
        train(cfg)


def test_other_heads_are_rejected_before_the_first_step(tmp_path: Path) -> None:
    cfg = config(tmp_path / "run", "RefitHeadHook")
    cfg.model.backbone.pool = None
    cfg.model.head.update(type="PartialLabelLinearClsHead", boost_lu=5.0)
    runner = Runner.from_cfg(cfg)
    with pytest.raises(ValueError, match=r"boost_lu=5\.0 must be 1"):
        runner.train()
    assert runner.iter == 0


def test_the_hook_is_registered() -> None:
    assert HOOKS.get("RefitHeadHook") is RefitHeadHook
