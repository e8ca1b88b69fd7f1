"""Values that the hook passes on and writes, and its errors."""

from __future__ import annotations

import csv
import errno
import json
import math
import os

import pytest
import torch
from mmengine.runner import Runner

from mmpretrain_imbalance.datasets import label_counts
from mmpretrain_imbalance.functional import active_class_weights, partial_label_keep
from mmpretrain_imbalance.hooks import LabelStatisticsHook
from mmpretrain_imbalance.hooks.label_statistics.setup_checks import unwrap_model
from mmpretrain_imbalance.losses import (
    ElementwiseLoss,
    LossState,
    label_space_reduction_loss,
    partial_label_masking_loss,
)
from mmpretrain_imbalance.utils import class_values
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.integration.small_runs import persistent_state, prepared, small_config, train

PLM = dict(type="PartialLabelMaskingLoss", loss=dict(type="PartialAsymmetricLoss"))


def losses_of(runner: Runner) -> dict:
    return {
        type(m).__name__: m for m in unwrap_model(runner.model).modules() if type(m).__name__.endswith("Loss")
    }


def test_losses_metrics_and_files_get_the_counts_of_the_training_set(tmp_path):
    runner = train(small_config(tmp_path / "run", epochs=1))
    labels = torch.stack(
        [torch.as_tensor(runner.train_dataloader.dataset.get_data_info(i)["gt_score"]) for i in range(96)]
    )
    positives, negatives = (labels == 1).sum(0), (labels == 0).sum(0)
    plm = losses_of(runner)["PartialLabelMaskingLoss"]
    torch.testing.assert_close(plm.positive_ratio, positives / negatives)
    stored = json.loads((tmp_path / "run" / "label_counts.json").read_text())
    assert stored["classes"] == [str(digit) for digit in range(10)]
    assert stored["positives"] == positives.tolist()
    assert stored["unknown"] == (labels == -1).sum(0).tolist()


def test_class_prior_is_the_mean_probability_over_the_run(tmp_path):
    probabilities = []

    cfg = small_config(
        tmp_path / "run", loss=dict(type="ClassPriorTrackingLoss", loss=dict(type="PartialAsymmetricLoss"))
    )
    runner = Runner.from_cfg(cfg)
    runner.model.head.loss_module.register_forward_pre_hook(
        lambda module, args: probabilities.append(args[0].detach().double().sigmoid())
    )
    runner.train()
    expected = torch.cat(probabilities).mean(0)
    assert len(torch.cat(probabilities)) == 2 * 96
    stored = json.loads((tmp_path / "run" / "class_prior.json").read_text())
    torch.testing.assert_close(
        torch.tensor(stored["class_prior"], dtype=torch.float64), expected, rtol=1e-5, atol=1e-7
    )


def test_csl_reads_the_class_prior_of_an_earlier_run(tmp_path):
    train(
        small_config(
            tmp_path / "ignore",
            loss=dict(type="ClassPriorTrackingLoss", loss=dict(type="PartialAsymmetricLoss")),
        )
    )
    prior = tmp_path / "ignore" / "class_prior.json"
    loss = dict(type="ClassAwareSelectiveLoss", class_prior=str(prior), likelihood_topk="auto")
    runner = train(small_config(tmp_path / "csl", loss=loss))
    csl = losses_of(runner)["ClassAwareSelectiveLoss"]
    counts = label_counts(runner.train_dataloader.dataset)
    missing = (counts.unknown * counts.positives / (counts.positives + counts.negatives)).sum() / 96
    assert csl.selection.estimated_topk.item() == pytest.approx(missing)
    torch.testing.assert_close(
        csl.selection.class_prior.tolist(), json.loads(prior.read_text())["class_prior"]
    )


def test_a_prior_file_without_a_class_raises(tmp_path):
    class_values.write_named_values(
        tmp_path / "prior.csv", [str(d) for d in range(9)], {"class_prior": [0.1] * 9}
    )
    cfg = small_config(
        tmp_path / "run", loss=dict(type="ClassAwareSelectiveLoss", class_prior=str(tmp_path / "prior.csv"))
    )
    with pytest.raises(
        ValueError,
        match=r"prior.csv: expected a class_prior value for each of the 10 classes, found none for '9'",
    ):
        train(cfg)


def test_scalars_are_means_over_class_groups(tmp_path):
    cfg = small_config(tmp_path / "run", group_thresholds=(5, 20))
    train(cfg)
    (scalars,) = (tmp_path / "run").glob("*/vis_data/scalars.json")
    names = {
        name
        for line in scalars.read_text().splitlines()
        for name in json.loads(line)
        if name.startswith("label_statistics")
    }
    assert "label_statistics/ideal_positive_ratio/head" in names
    assert "label_statistics/class_prior/tail" in names
    assert all(name.split("/")[-1] in ("head", "middle", "tail") for name in names)


def test_groups_of_the_dataset_take_precedence_over_thresholds(tmp_path):
    cfg = small_config(tmp_path / "run", group_thresholds=(5, 20))
    named = dict(class_groups=["tail"] * 9 + ["head"])
    cfg.train_dataloader.dataset.dataset.metainfo = named
    train(cfg)
    (scalars,) = (tmp_path / "run").glob("*/vis_data/scalars.json")
    last = {
        name: value for line in scalars.read_text().splitlines() for name, value in json.loads(line).items()
    }
    history = json.loads((tmp_path / "run" / "label_statistics" / "epoch_2.json").read_text())["losses"]
    prior = history["head.loss_module"]["class_prior"]
    assert last["label_statistics/class_prior/head"] == pytest.approx(prior[9])
    assert last["label_statistics/class_prior/tail"] == pytest.approx(sum(prior[:9]) / 9)
    assert "label_statistics/class_prior/middle" not in last


def test_fractions_are_those_of_one_epoch_and_are_visualized(tmp_path, monkeypatch):
    masked = []

    def recorded(labels, *args):
        keep = partial_label_keep(labels, *args)
        masked.append([(~column).sum().item() for column in keep.T])
        return keep

    monkeypatch.setattr(partial_label_masking_loss, "partial_label_keep", recorded)
    train(small_config(tmp_path / "run", loss=PLM, group_thresholds=(5, 20)))
    steps = torch.tensor(masked).view(2, 3, 10)  # 96 images in batches of 32
    assert (steps[0] != steps[1]).any()
    files = (tmp_path / "run" / "label_statistics" / f"epoch_{epoch}.json" for epoch in (1, 2))
    for expected, path in zip(steps.sum(dim=1) / 96, files):
        losses = json.loads(path.read_text())["losses"]
        found = losses["head.loss_module"]["masked_fraction"]
        torch.testing.assert_close(torch.tensor(found), expected, rtol=0, atol=1e-7)
        counts = json.loads((tmp_path / "run" / "label_counts.json").read_text())
        unknown = torch.tensor(counts["unknown"]) / 96
        ignored = losses["head.loss_module"]["ignored_fraction"]
        torch.testing.assert_close(torch.tensor(ignored), unknown, rtol=0, atol=1e-7)
        # The outermost loss counts for all nested losses.
        others = [state for path, state in losses.items() if path != "head.loss_module"]
        assert not any(name in ("ignored_fraction", "masked_fraction") for state in others for name in state)
    (scalars,) = (tmp_path / "run").glob("*/vis_data/scalars.json")
    written = [json.loads(line) for line in scalars.read_text().splitlines()]
    head = torch.tensor(counts["positives"]) > 20
    values = [
        line["label_statistics/masked_fraction/head"]
        for line in written
        if "known_fraction/head" in str(line)
    ]
    assert values == pytest.approx((steps.sum(dim=1) / 96)[:, head].mean(dim=1).tolist())


def test_fraction_of_inactive_classes_is_recorded(tmp_path):
    """LabelSpaceReductionLoss records how often a class was inactive, also inside of another loss."""
    loss = dict(type="LabelSpaceReductionLoss", loss=dict(type="PartialAsymmetricLoss"), active_fraction=0.3)
    outer = dict(type="PseudoLabelLoss", loss=loss, warmup_epochs=0)
    inactive = []

    def recorded(*args, **kwargs):
        weights = active_class_weights(*args, **kwargs)
        inactive.append(weights == 0)
        return weights

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(label_space_reduction_loss, "active_class_weights", recorded)
        train(small_config(tmp_path / "run", loss=outer))
    for epoch in (1, 2):
        record = json.loads((tmp_path / "run" / "label_statistics" / f"epoch_{epoch}.json").read_text())
        found = record["losses"]["head.loss_module.loss"]["inactive_fraction"]
        # An epoch has 3 steps of 32 images.
        expected = torch.stack(inactive[3 * (epoch - 1) : 3 * epoch]).float().mean(dim=0)
        assert found == pytest.approx(expected.tolist(), abs=1e-6)
        assert 0 < sum(found)
        assert "ignored_fraction" in record["losses"]["head.loss_module"]


def test_an_iteration_based_run_updates_in_its_last_iteration_too(tmp_path):
    """MMEngine saves a checkpoint in the last iteration, with any interval."""
    cfg = small_config(tmp_path / "run", loss=PLM, interval=2)
    cfg.train_cfg = dict(by_epoch=False, max_iters=5, val_interval=100)
    cfg.train_dataloader.sampler = dict(type="InfiniteSampler")
    cfg.default_hooks.checkpoint = dict(type="CheckpointHook", by_epoch=False, interval=4)
    runner = train(cfg)
    written = {path.stem for path in (tmp_path / "run" / "label_statistics").iterdir()}
    assert written == {"iter_2", "iter_4", "iter_5"}
    assert not losses_of(runner)["PartialLabelMaskingLoss"].histograms.any()


def test_an_iteration_based_run_counts_epochs_by_passes_over_the_training_set(tmp_path, monkeypatch):
    progress = []
    set_progress = LossState.set_progress

    def record(loss, epoch, max_epochs, iteration):
        progress.append((epoch, max_epochs, iteration))
        set_progress(loss, epoch, max_epochs, iteration)

    monkeypatch.setattr(LossState, "set_progress", record)
    cfg = small_config(tmp_path / "run", loss=dict(type="PartialAsymmetricLoss"), interval=4)
    cfg.train_cfg = dict(by_epoch=False, max_iters=8, val_interval=100)
    cfg.train_dataloader.sampler = dict(type="InfiniteSampler")
    cfg.default_hooks.checkpoint = dict(type="CheckpointHook", by_epoch=False, interval=4)
    length = len(train(cfg).train_dataloader)
    assert 1 < length < 8
    assert progress == [(step // length, math.ceil(8 / length), step) for step in range(8)]


@pytest.mark.parametrize("interval", [0, -2, 1.5, "2"])
def test_an_interval_that_is_not_a_positive_integer_raises(interval):
    with pytest.raises(ValueError, match="'interval' argument of LabelStatisticsHook must be a positive"):
        LabelStatisticsHook(interval=interval)


def test_a_full_disk_is_reported_and_the_record_is_written_later(tmp_path, monkeypatch):
    failures = []
    fsync = os.fsync

    def full_once(descriptor):
        for name in ("epoch_1.json", "epoch_2.json"):  # there is no other update after the second one
            if name in os.readlink(f"/proc/self/fd/{descriptor}") and name not in failures:
                failures.append(name)
                raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full_once)
    cfg = small_config(tmp_path / "run", loss=PLM)
    train(cfg)
    assert failures == ["epoch_1.json", "epoch_2.json"]
    assert sorted(path.name for path in (tmp_path / "run" / "label_statistics").iterdir()) == [
        "epoch_1.json",
        "epoch_2.json",
    ]
    (log,) = (tmp_path / "run").glob("*/*.log")
    for name in failures:
        assert log.read_text().count(f"{name}: No space left on device. Training continues") == 1


def test_a_test_reports_groups_with_the_counts_of_the_checkpoint(tmp_path):
    train(small_config(tmp_path / "run", epochs=1))
    cfg = small_config(tmp_path / "test")
    cfg.load_from = str(tmp_path / "run" / "epoch_1.pth")
    runner = Runner.from_cfg(cfg)
    metrics = runner.test()
    stored = load_weights_only(tmp_path / "run" / "epoch_1.pth")["state_dict"]
    state = persistent_state(runner)
    assert any(name.endswith("ideal_positive_ratio") for name in stored)
    torch.testing.assert_close(state, dict(stored), rtol=0, atol=0)
    assert "partial-label/f1_rarest" in metrics
    assert "partial-label/mAP_head" in metrics or "partial-label/mAP_tail" in metrics


def test_the_averaged_model_has_the_buffers_of_the_model(tmp_path):
    cfg = small_config(tmp_path / "run")
    cfg.custom_hooks.append(dict(type="EMAHook"))
    train(cfg)
    checkpoint = load_weights_only(tmp_path / "run" / "epoch_2.pth")
    ratio = "head.loss_module.loss.ideal_positive_ratio"
    torch.testing.assert_close(
        checkpoint["ema_state_dict"]["module." + ratio], checkpoint["state_dict"][ratio]
    )


def test_a_loss_without_the_hook_names_the_hook(tmp_path):
    cfg = small_config(tmp_path / "run", loss=PLM)
    cfg.custom_hooks = []
    with pytest.raises(
        RuntimeError, match=r"PartialLabelMaskingLoss needs the label counts .*LabelStatisticsHook"
    ):
        train(cfg)


def test_counts_of_a_wrapped_training_set(tmp_path):
    cfg = small_config(tmp_path / "run", epochs=1)
    inner = cfg.train_dataloader.dataset.to_dict()
    cfg.train_dataloader.dataset = dict(type="RepeatDataset", times=2, dataset=inner)
    runner = train(cfg)
    counts = label_counts(runner.train_dataloader.dataset)
    stored = json.loads((tmp_path / "run" / "label_counts.json").read_text())
    assert stored["positives"] == counts.positives.tolist()
    assert stored["classes"][0] == "0"


def test_every_loss_of_a_composition_gets_the_counts(tmp_path):
    runner = prepared(small_config(tmp_path / "run"))
    losses = [m for m in runner.model.modules() if isinstance(m, ElementwiseLoss)]
    assert [type(loss).__name__ for loss in losses] == [
        "ClassPriorTrackingLoss",
        "PartialLabelMaskingLoss",
        "PseudoLabelLoss",
        "ClassAwareSelectiveLoss",
    ]
    assert all("label_counts" in loss.provided_needs for loss in losses)


def test_the_log_summarizes_the_label_counts(tmp_path):
    cfg = small_config(tmp_path / "run")
    cfg.log_level = "INFO"
    prepared(cfg)
    stored = json.loads((tmp_path / "run" / "label_counts.json").read_text())
    positives, negatives, unknown = (sum(stored[key]) for key in ("positives", "negatives", "unknown"))
    rarest = min(range(10), key=lambda c: (stored["positives"][c], c))
    (log,) = (tmp_path / "run").glob("*/*.log")
    assert (
        f"Training labels: 96 images, 10 classes; {positives} known positives, {negatives} known negatives, "
        f"{unknown} unknown ({unknown / 9.6:.1f}%). Rarest class: '{rarest}' with "
        f"{stored['positives'][rarest]} known positives."
    ) in log.read_text()


def test_a_simulated_set_without_negatives_gives_one_warning(tmp_path):
    cfg = small_config(tmp_path / "run", loss=dict(type="PartialAsymmetricLoss", unknown="ignore"))
    cfg.train_dataloader.dataset.protocol = "single_positive"
    cfg.train_dataloader.dataset.pop("probability")
    cfg.log_level = "WARNING"
    prepared(cfg)
    (log,) = (tmp_path / "run").glob("*/*.log")
    assert log.read_text().count("The training set has no known negatives, and PartialAsymmetricLoss") == 1


def test_csv_is_written_by_name(tmp_path):
    class_values.write_named_values(tmp_path / "values.csv", ["a, b", "c"], {"class_prior": [0.25, 0.5]})
    with open(tmp_path / "values.csv", newline="") as file:
        assert list(csv.reader(file)) == [["class", "class_prior"], ["a, b", "0.25"], ["c", "0.5"]]
