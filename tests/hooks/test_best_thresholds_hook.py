"""Chosen thresholds in the work directory and in the checkpoint of the same weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmpretrain_imbalance.functional import best_thresholds
from mmpretrain_imbalance.hooks import BestThresholdsHook
from mmpretrain_imbalance.metrics import PartialLabelMetric, same_data
from mmpretrain_imbalance.utils.class_values import read_named_values
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.full_disk import file_size_limit
from tests.integration.small_runs import small_config, train

PLAIN_LOSS = dict(type="PartialAsymmetricLoss", unknown="ignore")


class RecordPredictions(Hook):
    """Hook that records the scores and labels of each validation."""

    def __init__(self) -> None:
        self.validations: dict[int, list] = {}

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        self.validations.setdefault(runner.epoch, []).extend(
            (sample.pred_score.numpy().copy(), sample.gt_score.numpy().copy()) for sample in outputs
        )

    def scores_and_labels(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        scores, labels = zip(*self.validations[epoch])
        return np.stack(scores), np.stack(labels)


def expected_thresholds(scores: np.ndarray, labels: np.ndarray, shrinkage: float) -> list[float]:
    """Choose thresholds from dense matrices; the tests of best_thresholds compare it with plain loops."""
    return best_thresholds(scores, labels, shrinkage=shrinkage)[0].tolist()


def config(work_dir: Path, epochs: int, val_interval: int = 1, **hook):
    cfg = small_config(work_dir, epochs, PLAIN_LOSS, num_images=64)
    cfg.train_cfg.val_interval = val_interval
    cfg.default_hooks.checkpoint.update(save_best="partial-label/mAP", rule="greater")
    cfg.custom_hooks.append(dict(type="BestThresholdsHook", **hook))
    return cfg


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RecordPredictions]:
    """Run of four epochs, with a validation after the second and the fourth."""
    work_dir = tmp_path_factory.mktemp("thresholds") / "run"
    record = RecordPredictions()
    train(config(work_dir, 4, val_interval=2, shrinkage=5.0), record)
    return work_dir, record


def stored(work_dir: Path, epoch: int) -> dict | None:
    checkpoint = load_weights_only(work_dir / f"epoch_{epoch}.pth")
    return checkpoint["meta"].get("thresholds")


def test_file_contains_the_thresholds_of_the_last_validation(run) -> None:
    work_dir, record = run
    last = max(record.validations)
    names = [str(digit) for digit in range(10)]

    found = read_named_values(work_dir / "thresholds.json", "thresholds", names)

    np.testing.assert_allclose(found, expected_thresholds(*record.scores_and_labels(last), 5.0), rtol=1e-6)


def test_checkpoint_contains_the_thresholds_of_its_own_weights(run) -> None:
    work_dir, record = run
    assert list(record.validations) == [2, 4]
    assert stored(work_dir, 1) is None
    assert stored(work_dir, 3) is None  # the thresholds of epoch 2 belong to other weights
    for epoch in record.validations:
        np.testing.assert_allclose(
            stored(work_dir, epoch)["thresholds"],
            expected_thresholds(*record.scores_and_labels(epoch), 5.0),
            rtol=1e-6,
        )


def test_file_and_checkpoint_describe_the_validation_set(run) -> None:
    work_dir, record = run
    _, labels = record.scores_and_labels(4)
    images, classes = np.nonzero(labels != -1)
    content = json.loads((work_dir / "thresholds.json").read_text())
    assert content["chosen_on"] == stored(work_dir, 4)["chosen_on"]
    assert content["iter"] == load_weights_only(work_dir / "epoch_4.pth")["meta"]["iter"]
    assert same_data(content["chosen_on"], len(labels), images, classes, labels[images, classes])
    assert {"dataset": "MultiDigits", "num_images": 40}.items() <= content["chosen_on"].items()


def test_best_checkpoint_contains_the_thresholds_of_its_weights(run) -> None:
    work_dir, _ = run
    best = next(work_dir.glob("best_*.pth"))
    checkpoint = load_weights_only(best)
    assert checkpoint["meta"]["thresholds"] == stored(work_dir, checkpoint["meta"]["epoch"])


def test_only_the_checkpoint_of_the_validated_weights_is_rewritten(tmp_path: Path) -> None:
    """MMEngine saves a new best checkpoint again after the validation, which this run does not have."""
    record, cfg = RecordPredictions(), config(tmp_path / "run", 3, shrinkage=5.0)
    cfg.default_hooks.checkpoint = dict(type="CheckpointHook", interval=2, save_last=False)
    train(cfg, record)

    assert [path.name for path in (tmp_path / "run").glob("*.pth")] == ["epoch_2.pth"]
    np.testing.assert_allclose(
        stored(tmp_path / "run", 2)["thresholds"],
        expected_thresholds(*record.scores_and_labels(2), 5.0),
        rtol=1e-6,
    )


def test_rewritten_checkpoint_can_be_resumed(run, tmp_path: Path) -> None:
    work_dir, _ = run
    cfg = config(tmp_path / "resumed", 4, val_interval=2, shrinkage=5.0)
    cfg.load_from, cfg.resume = str(work_dir / "epoch_2.pth"), True
    train(cfg)

    ours = load_weights_only(tmp_path / "resumed" / "epoch_4.pth")
    uninterrupted = load_weights_only(work_dir / "epoch_4.pth")
    torch.testing.assert_close(ours["state_dict"], uninterrupted["state_dict"], rtol=0, atol=0)
    assert ours["meta"].get("thresholds") == uninterrupted["meta"].get("thresholds")


def test_metric_reads_the_file(run) -> None:
    work_dir, _ = run
    thresholds = json.loads((work_dir / "thresholds.json").read_text())["thresholds"]
    metric = PartialLabelMetric(thresholds=str(work_dir / "thresholds.json"))
    metric.dataset_meta = dict(classes=[str(digit) for digit in reversed(range(10))])
    scores = torch.tensor(thresholds[::-1], dtype=torch.float32)
    metric.process(None, [dict(pred_score=scores, gt_score=torch.ones(10))])
    metric.process(None, [dict(pred_score=scores - 1e-4, gt_score=torch.zeros(10))])

    assert metric.evaluate(size=2)["partial-label/exact_match"] == 100


def test_training_continues_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mmpretrain_imbalance.hooks.best_thresholds_hook.write_named_values", full)
    runner = train(config(tmp_path / "full", 1))

    assert runner.epoch == 1
    assert not (tmp_path / "full" / "thresholds.json").exists()


def test_training_continues_if_the_checkpoint_cannot_be_rewritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MMEngine has written the same bytes before; torch.save raises no OSError on a full disk."""
    save = torch.save

    def save_on_a_full_disk(content: object, file) -> None:
        with file_size_limit(1000):
            save(content, file)

    monkeypatch.setattr(torch, "save", save_on_a_full_disk)
    cfg = config(tmp_path / "full", 2)
    cfg.default_hooks.checkpoint.save_best = None
    assert train(cfg).epoch == 2
    for epoch in (1, 2):
        assert stored(tmp_path / "full", epoch) is None  # the file of MMEngine
    assert (tmp_path / "full" / "thresholds.json").is_file()
    assert not list((tmp_path / "full").glob(".*.part"))


def test_validation_without_positives_chooses_nothing(tmp_path: Path) -> None:
    cfg = config(tmp_path / "none", 1)
    cfg.val_evaluator = [dict(type="PartialLabelAveragePrecision", class_counts=[1] * 10)]
    cfg.val_dataloader.dataset = dict(
        type="SimulatePartialLabels",
        protocol="rps",
        probability=1.0,
        seed=0,
        dataset=cfg.val_dataloader.dataset,
    )
    train(cfg)

    assert not (tmp_path / "none" / "thresholds.json").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(precision=1.5), "'precision' argument .* Got 1.5"),
        (dict(precision=0.5, recall=0.5), "Got both"),
        (dict(shrinkage=-1.0), "'shrinkage' argument .* Got -1"),
        (dict(out_file="thresholds.txt"), r"end in .json or .csv. Got 'thresholds.txt'"),
    ],
)
def test_wrong_arguments_raise(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BestThresholdsHook(**arguments)
