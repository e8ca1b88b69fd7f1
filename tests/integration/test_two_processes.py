"""Two gloo processes gather the same statistics as one process."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch

from mmpretrain_imbalance.losses import partial_label_masking_loss
from mmpretrain_imbalance.losses.base import class_aware_selection
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.processes import run_ranks

from .small_runs import constant_runner, rank_runner, small_config


def train_and_count(work_dir: Path, world_size: int) -> dict[str, list[list[int]]]:
    """Train, and return how many elements of each class each step of this rank left out."""
    cfg = small_config(work_dir)
    # An untrained model predicts values near 0.5, for the canvases of this seed on both sides of it.
    cfg.train_dataloader.dataset.dataset.seed = 1
    cfg.model.head.loss.loss.loss.update(positive_threshold=0.51, negative_threshold=0.47)
    runner = constant_runner(cfg, world_size)
    left_out = {"masked": [], "ignored": []}

    def recorded(function, kind):
        def call(labels_or_logits, *args):
            keep = function(labels_or_logits, *args)
            left_out[kind].append([sum(not kept for kept in column) for column in zip(*keep.tolist())])
            return keep

        return call

    with (
        patch.multiple(
            partial_label_masking_loss,
            partial_label_keep=recorded(partial_label_masking_loss.partial_label_keep, "masked"),
        ),
        patch.multiple(
            class_aware_selection, selective_keep=recorded(class_aware_selection.selective_keep, "ignored")
        ),
    ):
        runner.train()
    return left_out


def train_with_an_error(work_dir: Path) -> str:
    """Train with a wrong value on rank 1, in the last step of the first epoch, and return the error."""
    cfg = small_config(work_dir)
    cfg.model.head.loss.validate = "later"
    runner = rank_runner(cfg, 2)

    def broken(module, args, logits):
        if runner.rank == 1 and runner.iter == 2:
            logits = logits.index_put((torch.tensor(7), torch.tensor(3)), torch.tensor(torch.nan))
        return logits

    for name, module in runner.model.named_modules():
        if name.endswith("head.fc"):
            module.register_forward_hook(broken)
    with pytest.raises(ValueError, match="'logits' argument") as raised:
        runner.train()
    return f"{runner.iter} {raised.value}"


def loss_state(work_dir: Path) -> dict[str, torch.Tensor]:
    checkpoint = load_weights_only(work_dir / "epoch_2.pth")
    return {name: value for name, value in checkpoint["state_dict"].items() if "loss_module" in name}


def test_two_processes_give_the_statistics_of_one(tmp_path):
    left_out = {
        name: run_ranks(train_and_count, world_size, tmp_path / name, world_size)
        for name, world_size in (("one", 1), ("two", 2))
    }
    one, two = loss_state(tmp_path / "one"), loss_state(tmp_path / "two")
    assert one.keys() == two.keys()
    for name, value in one.items():
        # Counts are integers; sums of probabilities may differ by the order of summation.
        torch.testing.assert_close(
            two[name], value, rtol=1e-6, atol=1e-9, msg=lambda text, name=name: f"{name}: {text}"
        )
    ratio = next(value for name, value in two.items() if name.endswith("ideal_positive_ratio"))
    assert ratio.std() > 0
    images = next(value for name, value in two.items() if name.endswith("window_images"))
    assert images == 2 * 96
    check_fractions(tmp_path, left_out)


def test_an_error_on_one_rank_raises_on_all_ranks_before_a_checkpoint(tmp_path):
    for raised in run_ranks(train_with_an_error, 2, tmp_path):
        assert raised.startswith("3 The 'logits' argument of ClassPriorTrackingLoss must be numbers")
        assert "at sample 7, class 3 of an earlier batch" in raised
    assert not list(tmp_path.glob("*.pth"))


def check_fractions(folder: Path, left_out: dict[str, list[dict]]) -> None:
    """Check the recorded fractions.

    Fractions that do not depend on the rank are the same; random masks and selected elements are summed over
    ranks.
    """
    for epoch in (1, 2):
        one, two = (fractions(folder / run, epoch) for run in ("one", "two"))
        for name in ("known", "pseudo_positive", "pseudo_negative"):
            assert one[name] == two[name], name
        for name in ("pseudo_positive", "pseudo_negative"):
            assert (sum(one[name]) > 0) == (epoch == 2)  # one epoch of warm-up
        for found, name in ((one, "one"), (two, "two")):
            for kind in ("masked", "ignored"):
                steps = [
                    rank[kind][3 * (epoch - 1) : 3 * epoch] for rank in left_out[name]
                ]  # 96 images, 3 steps
                assert np.array(steps).shape == (len(left_out[name]), 3, 10)
                assert found[kind] == np.round(np.sum(steps, axis=(0, 1)) / 96, 7).tolist(), (name, kind)
                assert sum(found[kind]) > 0


def fractions(work_dir: Path, epoch: int) -> dict[str, list[float]]:
    content = json.loads((work_dir / "label_statistics" / f"epoch_{epoch}.json").read_text())
    return {
        name.removesuffix("_fraction"): values
        for state in content["losses"].values()
        for name, values in state.items()
        if name.endswith("_fraction")
    }
