"""Soft labels are computed once, by the network before the epoch, and a resumed run has the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmpretrain_imbalance.datasets import dataset_label_store
from mmpretrain_imbalance.functional.soft_labels import soft_labels
from mmpretrain_imbalance.hooks.label_statistics.setup_checks import unwrap_model
from mmpretrain_imbalance.hooks.soft_labels_hook import SoftLabelsHook
from mmpretrain_imbalance.hooks.undisturbed_training import undisturbed_training
from mmpretrain_imbalance.models.image_features import image_features
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.integration.small_runs import rank_runner, small_config
from tests.processes import run_ranks
from tests.utils.array_bytes import npy

LOSS = dict(type="SoftLabelLoss", loss=dict(type="PartialAsymmetricLoss"))


@pytest.fixture(autouse=True)
def single_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def config(work_dir, epochs=2, hooks=("SoftLabelsHook",), resume=False, **loss):
    cfg = small_config(work_dir, epochs=epochs, loss=dict(LOSS, **loss))
    cfg.model.head.type = "PartialLabelLinearClsHead"
    cfg.custom_hooks += [dict(type=hook) for hook in hooks]
    cfg.resume = resume
    return cfg


class Expected(Hook):
    """Hook that computes the soft labels as the formula says, before the first step of an epoch."""

    priority = "ABOVE_NORMAL"

    def __init__(self, epoch):
        self.epoch = epoch

    def before_train_epoch(self, runner):
        if runner.epoch != self.epoch:
            return
        dataset = runner.train_dataloader.dataset
        with undisturbed_training(runner.model):
            inputs = torch.stack([dataset[index]["inputs"] for index in range(len(dataset))])
            features = image_features(runner.model, inputs)
        store = dataset_label_store(dataset)
        labels = torch.from_numpy(np.stack([store.dense(index) for index in range(len(store))]))
        self.table = soft_labels(features, labels)


@pytest.mark.parametrize("warmup", [1])
def test_table_is_that_of_the_network_before_the_epoch(tmp_path, warmup):
    run = Runner.from_cfg(config(tmp_path / "run", warmup_epochs=warmup))
    expected = Expected(warmup)
    run.register_hook(expected)
    run.train()
    stored = np.load(tmp_path / "run" / "soft_labels.npy")
    assert stored.dtype == np.float16
    np.testing.assert_allclose(stored, expected.table.numpy(), atol=2e-3)
    table = run.model.head.loss_module.table.numpy()
    np.testing.assert_array_equal(table, stored)
    assert np.isnan(stored).any() or ((stored > 0) & (stored < 1)).any()


def weights(work_dir, epoch):
    return load_weights_only(work_dir / f"epoch_{epoch}.pth")["state_dict"]


@pytest.mark.parametrize("warmup", [0, 1])
def test_a_resumed_run_equals_the_whole_one(tmp_path, warmup):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    Runner.from_cfg(config(whole, epochs=2, warmup_epochs=warmup)).train()
    Runner.from_cfg(config(parts, epochs=1, warmup_epochs=warmup)).train()
    assert (parts / "soft_labels.npy").exists() == (warmup == 0)
    Runner.from_cfg(config(parts, epochs=2, warmup_epochs=warmup, resume=True)).train()
    torch.testing.assert_close(weights(parts, 2), weights(whole, 2), rtol=0, atol=0)


def test_a_resumed_run_reads_the_file(tmp_path):
    Runner.from_cfg(config(tmp_path / "run", epochs=1)).train()
    path = tmp_path / "run" / "soft_labels.npy"
    np.save(path, np.full((96, 10), 0.25, dtype=np.float16))
    run = Runner.from_cfg(config(tmp_path / "run", epochs=2, resume=True))
    run.train()
    assert (run.model.head.loss_module.table == 0.25).all()
    content = path.read_bytes()
    for damaged in (b"", content[:100], content[:-1], b"\x80", npy(["a"])):
        path.write_bytes(damaged)
        with pytest.raises(
            ValueError, match=r"soft_labels.npy of the run to resume must be an array. Got .* Copy it"
        ):
            SoftLabelsHook._read(run)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"soft_labels.npy of the run to resume must exist"):
        Runner.from_cfg(config(tmp_path / "run", epochs=3, resume=True)).train()


def test_given_soft_labels_are_kept(tmp_path):
    given = np.full((96, 10), 0.5).tolist()
    run = Runner.from_cfg(config(tmp_path / "run", epochs=1, soft_labels=given))
    run.train()
    assert (run.model.head.loss_module.table == 0.5).all()
    assert not (tmp_path / "run" / "soft_labels.npy").exists()


def train_rank(work_dir, world_size):
    run = rank_runner(config(work_dir, epochs=1), world_size)
    run.train()
    table = unwrap_model(run.model).head.loss_module.table
    np.save(work_dir / f"rank_{run.rank}.npy", table.numpy())


def test_two_ranks_have_the_table_of_one(tmp_path):
    Runner.from_cfg(config(tmp_path / "one", epochs=1)).train()
    run_ranks(train_rank, 2, tmp_path / "two", 2)
    one = np.load(tmp_path / "one" / "soft_labels.npy")
    for rank in range(2):
        np.testing.assert_allclose(np.load(tmp_path / "two" / f"rank_{rank}.npy"), one, atol=2e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda cfg: setattr(cfg.model.head, "loss", LOSS["loss"]), "must have a SoftLabelLoss. Got none"),
        (lambda cfg: cfg.custom_hooks.pop(0), "must have a LabelStatisticsHook"),
        (
            lambda cfg: cfg.train_dataloader.dataset.update(protocol="single_positive", probability=None),
            "must have a class with known positives and known negatives",
        ),
    ],
)
def test_runs_that_cannot_have_soft_labels_raise(tmp_path, change, message):
    cfg = config(tmp_path / "run", epochs=1)
    change(cfg)
    with pytest.raises(ValueError, match=message):
        Runner.from_cfg(cfg).train()


def test_a_fixed_number_of_labels_is_not_shifted(tmp_path, caplog):
    cfg = config(tmp_path / "run", epochs=1)
    cfg.log_level = "WARNING"
    cfg.train_dataloader.dataset.update(protocol="fpc", probability=None, num_labels=8)
    run = Runner.from_cfg(cfg)
    expected = Expected(0)
    run.register_hook(expected)
    messages = []
    run.logger.warning = lambda message, *args: messages.append(message)
    run.train()
    assert any("A fixed number of labels of each class is annotated" in message for message in messages)
    found = np.load(tmp_path / "run" / "soft_labels.npy")
    assert np.nanmax(np.abs(found - expected.table.numpy())) > 0.01
