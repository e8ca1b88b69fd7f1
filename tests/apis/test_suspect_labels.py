"""Search for wrong labels: planted errors, scores of a trained model, and training in folds."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import DATASETS

from mmpretrain_imbalance.apis import SuspectLabel, SuspectLabels, suspect_labels, train_fold_models
from mmpretrain_imbalance.apis.config_text import skip_formatting
from mmpretrain_imbalance.apis.dataset_predictions import predicted_batches
from mmpretrain_imbalance.apis.fold_models import Runner as FoldRunner
from mmpretrain_imbalance.apis.trained_model import load_trained_model
from mmpretrain_imbalance.datasets import (
    LabelStore,
    MultiDigits,
    apply_corrections,
    dataset_label_store,
    label_store_from_array,
)
from mmpretrain_imbalance.datasets.config_datasets import build_split
from tests.integration.small_runs import CONFIGS

EPOCHS = 15


@DATASETS.register_module()
class DigitsWithErrors(MultiDigits):
    """Digits of which 20 % of the labels are unknown and 5 % of the others are wrong."""

    def load_label_store(self) -> LabelStore:
        store = super().load_label_store()
        rng = np.random.default_rng(0)
        true = np.stack([store.dense(row) for row in range(len(store))]).astype(np.int8)
        self.is_wrong = rng.random(true.shape) < 0.05
        labels = np.where(self.is_wrong, 1 - true, true)
        labels[rng.random(true.shape) < 0.2] = -1
        self.is_wrong &= labels != -1
        return label_store_from_array(
            labels, [store.image_name(row) for row in range(len(store))], store.class_names
        )


def config(work_dir: Path, epochs: int = EPOCHS, num_images: int = 400) -> Config:
    cfg = Config.fromfile(CONFIGS / "partial_bce" / "digits-rps50_ignore.py")
    dataset = dict(
        type="DigitsWithErrors",
        num_images=num_images,
        class_frequency="balanced",
        max_digits=1,
        canvas_size=8,
        pipeline=[dict(type="PackInputs")],
    )
    cfg.train_dataloader.batch_size, cfg.test_dataloader.batch_size = 50, 200
    cfg.train_dataloader.dataset, cfg.test_dataloader.dataset = dataset, dataset
    cfg.val_dataloader = cfg.val_evaluator = cfg.val_cfg = None
    cfg.model.backbone.channels, cfg.model.head.in_channels = (32, 64), 64
    cfg.train_cfg = dict(by_epoch=True, max_epochs=epochs)
    cfg.param_scheduler = None
    cfg.optim_wrapper = dict(optimizer=dict(type="Adam", lr=0.01))
    cfg.default_hooks.checkpoint = dict(type="CheckpointHook", interval=min(epochs, EPOCHS))
    cfg.custom_hooks = [dict(type="LabelStatisticsHook")]
    cfg.log_level, cfg.work_dir, cfg.randomness = "ERROR", str(work_dir), dict(seed=0)
    cfg.experiment_name = f"{work_dir.parent.name}_{work_dir.name}"
    skip_formatting(cfg)
    return cfg


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, str]:
    cfg = config(tmp_path_factory.mktemp("trained") / "run")
    Runner.from_cfg(cfg).train()
    return cfg, str(Path(cfg.work_dir) / f"epoch_{EPOCHS}.pth")


def errors(cfg: Config) -> dict[tuple[str, str], bool]:
    """Return whether each known label is wrong."""
    dataset = build_split(cfg, "train", "test")
    store = dataset_label_store(dataset)
    return {
        (store.image_name(row), store.class_names[column]): bool(dataset.is_wrong[row, column])
        for row, column in np.argwhere(dataset.get_gt_labels() != -1).tolist()
    }


def precision(found: SuspectLabels, is_wrong: dict, count: int) -> float:
    wrong = [item for item in found.labels if item.kind == "wrong?"][:count]
    return float(np.mean([is_wrong[item.image, item.class_name] for item in wrong]))


def test_planted_errors_are_found_and_better_out_of_fold(trained, tmp_path: Path) -> None:
    cfg, checkpoint = trained
    is_wrong = errors(cfg)
    base = np.mean(list(is_wrong.values()))
    count = 100  # of about 160 wrong labels; a random selection has the precision 5 %

    in_sample = suspect_labels(cfg, checkpoint)
    by_cleanlab = suspect_labels(cfg, checkpoint, method="cleanlab")
    folds = suspect_labels(cfg, num_folds=3, work_dir=tmp_path / "folds")

    assert (in_sample.basis, folds.basis) == ("in-sample", "out-of-fold")
    assert in_sample.num_known == folds.num_known == len(is_wrong)
    assert in_sample.num_unknown == 4000 - len(is_wrong)
    assert 0.03 < base < 0.07
    assert precision(in_sample, is_wrong, count) > 6 * base
    assert precision(by_cleanlab, is_wrong, count) > 6 * base
    assert precision(folds, is_wrong, count) > 0.05 + precision(in_sample, is_wrong, count)


def test_thresholds_beside_the_checkpoint_are_used(trained) -> None:
    cfg, checkpoint = trained
    given, default = (suspect_labels(cfg, checkpoint, top=9, **given) for given in (dict(thresholds=0.3), {}))
    assert given.labels != default.labels
    path = Path(checkpoint).with_name("thresholds.json")
    path.write_text(json.dumps(dict(classes=list("0123456789"), thresholds=[0.3] * 10)))
    try:
        assert suspect_labels(cfg, checkpoint, top=9).labels == given.labels
    finally:
        path.unlink()


def test_scores_are_those_of_the_model(trained) -> None:
    """The ranking is repeated with plain loops over all elements."""
    cfg, checkpoint = trained
    found = suspect_labels(cfg, checkpoint, top=9, thresholds=0.3)
    model = load_trained_model(cfg, checkpoint, "cpu").model
    dataset = build_split(cfg, "train", "test")
    labels = dataset.get_gt_labels()
    probabilities = np.concatenate([batch.numpy() for _, batch in predicted_batches(model, dataset, cfg)])
    sides: dict[int, list] = {1: [], 0: [], -1: []}
    for row, column in np.ndindex(labels.shape):
        label, p = int(labels[row, column]), float(probabilities[row, column])
        name = dataset.label_store.image_name(row)
        if label == -1:
            odds = p / (1 - p) / (0.3 / 0.7)
            q = odds / (1 + odds)
            score = 4 * q * (1 - q) / ((labels[:, column] == 1).sum() + 1)
            item = SuspectLabel(name, str(column), -1, int(p >= 0.3), p, score, "ask")
        else:
            score = 1 - p if label else p
            item = SuspectLabel(name, str(column), label, 1 - label, p, score, "wrong?")
        sides[label].append(item)
    ranked = {label: sorted(side, key=lambda item: -item.score) for label, side in sides.items()}
    pairs = [sorted(pair, key=lambda item: -item.score) for pair in zip(ranked[1], ranked[0])]
    expected = [item for pair in pairs for item in pair][:9] + ranked[-1][:9]
    assert len(found.labels) == 18
    for item, other in zip(found.labels, expected):
        assert (item.label, item.suggested, item.kind) == (other.label, other.suggested, other.kind)
        assert item.score == pytest.approx(other.score, rel=1e-3, abs=1e-6)
        assert item.probability == pytest.approx(other.probability, rel=1e-3, abs=1e-6)
    same = [item[:2] == other[:2] for item, other in zip(found.labels, expected)]
    assert np.mean(same) > 0.7  # scores that rounding makes equal may change places


def test_labels_per_class_and_held_out_images(trained) -> None:
    cfg, checkpoint = trained
    found = suspect_labels(cfg, checkpoint, split="test", top=2, per_class=True)
    assert found.basis == "held-out"
    counts = {
        (kind, name): sum((item.kind, item.class_name) == (kind, name) for item in found.labels)
        for kind in ("wrong?", "ask")
        for name in map(str, range(10))
    }
    assert set(counts.values()) == {2}


def test_the_table_is_read_as_corrections_and_never_replaced(trained, tmp_path: Path) -> None:
    cfg, checkpoint = trained
    found = suspect_labels(cfg, checkpoint, top=5)
    path = tmp_path / "suspects.csv"
    found.save(path)
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    columns = ["image", "class", "label", "suggested", "probability", "score", "kind", "basis", "correct"]
    assert list(rows[0]) == columns
    assert [row["label"] for row in rows[5:]] == [""] * 5
    assert {row["basis"] for row in rows} == {"in-sample"}
    store = dataset_label_store(build_split(cfg, "train", "test"))
    assert apply_corrections(store, path) is store  # nothing is filled in yet

    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(dict(row, correct=row["suggested"]) for row in rows)
    corrected = apply_corrections(store, path)
    names = {store.image_name(row): row for row in range(len(store))}
    for item in found.labels:
        assert corrected.dense(names[item.image])[int(item.class_name)] == item.suggested
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="must be a file that does not exist"):
        found.save(path)
    assert path.read_bytes() == before


def test_a_stopped_training_of_folds_is_resumed(tmp_path: Path, monkeypatch) -> None:
    cfg = config(tmp_path / "run", epochs=2, num_images=60)
    cfg.default_hooks.checkpoint.interval = 1
    folds = np.arange(60) % 2
    seen: list[tuple] = []

    epochs: list[tuple] = []

    class StopOnce(Hook):
        priority = "LOWEST"

        def after_train_epoch(self, runner: Runner) -> None:
            epochs.append((Path(runner.work_dir).name, runner.epoch))
            if epochs == [("fold_0", 0), ("fold_0", 1), ("fold_1", 0)]:
                raise KeyboardInterrupt

    class StoppedRunner(FoldRunner):
        def train(self):
            self.register_hook(StopOnce())
            return super().train()

    monkeypatch.setattr("mmpretrain_imbalance.apis.fold_models.Runner", StoppedRunner)
    with pytest.raises(KeyboardInterrupt):
        list(train_fold_models(cfg, folds, tmp_path / "folds", "a", lambda *state: seen.append(state)))
    finished = tmp_path / "folds" / "fold_0" / "finished.json"
    assert json.loads(finished.read_text()) == {"checkpoint": "epoch_2.pth"}
    models = list(train_fold_models(cfg, folds, tmp_path / "folds", "a", lambda *state: seen.append(state)))
    assert seen == [(0, "new"), (1, "new"), (0, "finished"), (1, "resumed")]
    assert epochs[3:] == [("fold_1", 1)]  # no epoch is trained again
    for fold, (checkpoint, images) in enumerate(models):
        assert checkpoint == str(tmp_path / "folds" / f"fold_{fold}" / "epoch_2.pth")
        assert images.tolist() == np.flatnonzero(folds == fold).tolist()
        trained_images = np.load(tmp_path / "folds" / f"fold_{fold}" / "trained_images.npy")
        assert sorted([*trained_images, *images]) == list(range(60))
    with pytest.raises(ValueError, match=r"Got .* with other labels instead"):
        list(train_fold_models(cfg, folds, tmp_path / "folds", "b"))
    cfg.optim_wrapper.optimizer.lr = 0.02
    with pytest.raises(ValueError, match=r"Got .* with other config, folds instead"):
        list(train_fold_models(cfg, 1 - folds, tmp_path / "folds", "a"))


def test_folds_below_a_wrapper_that_repeats_images(tmp_path: Path, monkeypatch) -> None:
    """Images of a fold must not come back through a wrapper; the training itself is not needed."""
    built: list[Config] = []

    class BuiltOnly(FoldRunner):
        def train(self):
            built.append(self.build_dataloader(self._train_dataloader).dataset)
            (Path(self.work_dir) / "last_checkpoint").write_text("epoch_1.pth")

    monkeypatch.setattr("mmpretrain_imbalance.apis.fold_models.Runner", BuiltOnly)
    cfg = config(tmp_path / "run", epochs=1, num_images=30)
    cfg.train_dataloader.dataset = dict(type="RepeatDataset", times=2, dataset=cfg.train_dataloader.dataset)
    list(train_fold_models(cfg, np.arange(30) % 2, tmp_path / "folds"))
    for fold, dataset in enumerate(built):
        ids = [dataset[index]["data_samples"].sample_idx for index in range(len(dataset))]
        assert sorted(ids) == sorted([*range(1 - fold, 30, 2)] * 2)
    with pytest.raises(ValueError, match=r"must be the number of samples of 'dataset', 30\. Got 31"):
        list(train_fold_models(cfg, np.arange(31) % 2, tmp_path / "other"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(split="all"), "'split' argument of suspect_labels must be one of"),
        (dict(method="mean"), "'method' argument of suspect_labels must be one of"),
        (dict(top=0), "'top' argument of suspect_labels must be an integer of at least 1"),
        (dict(num_folds=1), "'num_folds' argument of suspect_labels must be an integer of at least 2"),
        (dict(num_folds=2, split="val"), "'split' argument of suspect_labels must be one of 'train'"),
        (dict(), "'checkpoint' argument of suspect_labels must be given without 'num_folds'"),
        (dict(checkpoint="a.pth", split="val"), "must have a val_dataloader"),
    ],
)
def test_wrong_arguments(tmp_path: Path, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        suspect_labels(config(tmp_path), **arguments)
