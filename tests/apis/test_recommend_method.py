"""Rounds of a recommendation, its choice and its config; the trainings are replaced, except in one test."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from mmengine.config import Config

from mmpretrain_imbalance.apis import recommend_method as recommend
from mmpretrain_imbalance.apis.comparison.compared_method import read_method
from mmpretrain_imbalance.apis.comparison.results.comparison_results import ComparisonResults
from mmpretrain_imbalance.apis.feature_model import RandomWeightsError
from tests.apis.comparison.results.summaries import method, setting, statistics, summary

PROTOCOL = Path(__file__).resolve().parents[2] / "configs" / "_base_" / "protocols" / "digits_all_known.py"
METHODS = ["binary_cross_entropy", "class_aware_selective_loss", "HillLoss", "statistics_balanced_loss"]
BCE, CSL, HILL, WEIGHTS = METHODS
module = sys.modules["mmpretrain_imbalance.apis.recommend_method"]


class FakeComparison:
    """Comparison whose results are given by the name of the round."""

    made: ClassVar[list[dict]] = []
    means: ClassVar[dict[str, dict[str, tuple]]] = {}

    def __init__(self, base_configs, methods, work_dir, **arguments):
        read = [read_method(name) for name in methods]
        self.round = Path(work_dir).name.removesuffix("_round")
        self.methods = [found.name for found in read]
        self.plan = SimpleNamespace(
            data=["digits"],
            methods={found.name: found for found in read},
            num_seeds=arguments["num_seeds"],
            run_folder=lambda run: Path(work_dir) / f"{run.task.method}_{run.seed}",
        )
        self.made.append(dict(arguments, base=base_configs, methods=self.methods, round=self.round))

    def train(self, num_jobs, devices):
        prior = self.plan.run_folder(SimpleNamespace(task=SimpleNamespace(method=BCE), seed=1))
        prior.mkdir(parents=True)
        (prior / "class_prior.json").write_text(self.round)
        return {"a run": "failed"}

    def write_results(self, yardstick, progress):
        assert yardstick is None
        given = self.means[self.round]
        found = [
            method(name, statistics(*given[name][:1], verdict=given[name][1]), macro_f1_chosen=statistics(f1))
            for name in self.methods
            if name in given
            for f1 in given[name][2:3] or [0.5]
        ]
        return ComparisonResults(summary(setting(*found), yardstick=self.methods[0]), [])


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr(module, "Comparison", FakeComparison)
    FakeComparison.made = []
    FakeComparison.means = {
        "features": {BCE: (0.5, None), CSL: (0.6, None), HILL: (0.7, None), WEIGHTS: (0.4, None, 0.9)},
        "training": {BCE: (0.6, None), CSL: (0.65, "not distinguishable"), HILL: (0.5, "worse")},
    }
    return FakeComparison


@pytest.fixture
def base(tmp_path):
    path = tmp_path / "project" / "config.py"
    path.parent.mkdir()
    path.write_text(f"_base_ = {str(PROTOCOL)!r}\ntrain_dataloader = dict(dataset=dict(num_images=60))\n")
    return path


def extracted(monkeypatch, seen=None):
    """Replace the extraction of features; ``seen`` gets its arguments."""

    def extract(cfg, checkpoint, *, out, splits, progress):
        if seen is not None:
            seen.update(cfg=cfg, checkpoint=checkpoint, out=out, splits=splits)
        return SimpleNamespace(config=Path(out) / "config.py")

    monkeypatch.setattr(module, "extract_features", extract)


def test_two_rounds(fake, base, tmp_path, monkeypatch):
    seen, rounds = {}, []
    extracted(monkeypatch, seen)
    found = recommend(
        base.parent,
        tmp_path / "out",
        methods=METHODS,
        num_repetitions=2,
        checkpoint="a.pth",
        cfg_options={"train_cfg.max_epochs": 3},
        on_round=lambda *arguments: rounds.append(arguments),
    )
    first, second = fake.made
    assert first["base"] == [tmp_path / "out" / "features" / "project" / "config.py"]
    assert (first["methods"], first["num_folds"], first["num_seeds"]) == (METHODS, 5, 10)
    assert first["cfg_options"] is None  # the schedule of the features is another one
    assert second["base"] == [base]
    assert (second["methods"], second["num_folds"], second["num_seeds"]) == ([BCE, CSL, HILL], 5, 3)
    assert second["cfg_options"] == {"train_cfg.max_epochs": 3}
    assert rounds == [("features", 40), ("training", 9)]
    assert list(found.rounds) == ["features", "training"]
    assert (found.method, found.yardstick, found.verdict) == (CSL, BCE, "not distinguishable")
    assert found.config == tmp_path / "out" / f"{CSL}.py"
    cfg = Config.fromfile(found.config)
    assert cfg.model.head.loss.type == "ClassAwareSelectiveLoss"
    assert cfg.train_cfg.max_epochs == 20
    # All labels are known, so that a prior can be estimated; fold 0 of the last round has failed.
    assert Path(cfg.model.head.loss.class_prior).read_text() == "training"
    # Only the training set is read.
    assert (seen["checkpoint"], seen["splits"]) == ("a.pth", ("train", "val"))
    assert {seen["cfg"][f"{split}_dataloader"].dataset.split for split in seen["splits"]} == {"train"}


def test_without_pretrained_weights_all_methods_train_the_whole_model(fake, base, tmp_path, monkeypatch):
    def random_weights(*arguments, **keywords):
        raise RandomWeightsError("random")

    monkeypatch.setattr(module, "extract_features", random_weights)
    found = recommend(base, tmp_path / "out", methods=[HILL, BCE], num_folds=4, num_final_folds=2)
    (only,) = fake.made
    assert (only["base"], only["methods"], only["num_seeds"]) == ([base], [HILL, BCE], 4)
    assert (list(found.rounds), found.yardstick, found.method) == (["training"], HILL, BCE)


def test_features_can_be_left_out(fake, base, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "extract_features", None)
    recommend(base, tmp_path / "out", methods=[BCE, HILL], use_features=False)
    assert [made["round"] for made in fake.made] == ["training"]


def test_data_that_are_features_have_one_round(fake, tmp_path, monkeypatch):
    base = tmp_path / "features.py"
    base.write_text(
        f"_base_ = {str(PROTOCOL)!r}\n"
        "train_dataloader = dict(dataset=dict(_delete_=True, type='RepeatDataset', times=2,\n"
        "    dataset=dict(type='mmpretrain.FeatureDataset', data_root='nowhere', ann_file='train')))\n"
        "test_dataloader = dict(dataset=dict(pipeline=None))\n"
    )
    monkeypatch.setattr(module, "extract_features", None)
    monkeypatch.setattr(module, "write_method_config", lambda *arguments: None)
    options = {"train_cfg.max_epochs": 3}
    found = recommend(base, tmp_path / "out", methods=METHODS, cfg_options=options)
    (only,) = fake.made
    assert (only["base"], only["round"], only["cfg_options"]) == ([base], "features", options)
    assert found.method == HILL


def test_a_failed_yardstick_does_not_stop_it(fake, base, tmp_path, monkeypatch):
    extracted(monkeypatch)
    for means in fake.means.values():
        del means[BCE]
    fake.means["training"][CSL] = (0.65, None)
    found = recommend(base, tmp_path / "out", methods=METHODS)
    assert fake.made[1]["methods"] == [BCE, CSL, HILL]
    assert (found.method, found.yardstick, found.verdict) == (CSL, BCE, None)


def test_the_config_of_an_earlier_call_is_not_changed(fake, base, tmp_path, monkeypatch):
    extracted(monkeypatch)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / f"{CSL}.py").write_text("# mine")
    recommend(base, tmp_path / "out", methods=METHODS)
    assert (tmp_path / "out" / f"{CSL}.py").read_text() == "# mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(num_folds=1), "'num_folds' argument of recommend_method"),
        (dict(num_finalists=0), "'num_finalists' argument of recommend_method"),
        (dict(methods=["no_such_method"]), "'methods' argument must have names of methods"),
    ],
)
def test_wrong_arguments_are_explained(fake, base, tmp_path, monkeypatch, arguments, message):
    extracted(monkeypatch)
    with pytest.raises(ValueError, match=message):
        recommend(base, tmp_path / "out", **{"methods": METHODS, **arguments})
    with pytest.raises(FileNotFoundError, match=r"must be a config file, or a folder with a config\.py"):
        recommend(tmp_path, tmp_path / "out")


@pytest.mark.slow
def test_trainings_on_the_known_labels_of_the_training_set(tmp_path):
    base = tmp_path / "half.py"
    base.write_text(
        f"_base_ = {str(PROTOCOL)!r}\n"
        "train_dataloader = dict(dataset=dict(_delete_=True, type='SimulatePartialLabels', protocol='rps',\n"
        "    probability=0.5, dataset=dict(type='MultiDigits', num_images=120,\n"
        "    pipeline=_base_.train_dataloader.dataset.pipeline)))\n"
        # A test set or validation set that is read raises an error.
        "test_dataloader = dict(dataset=dict(data_root='nowhere'))\n"
        "val_dataloader = dict(dataset=dict(data_root='nowhere'))\n"
        "train_cfg = dict(max_epochs=1)\n"
    )
    arguments = dict(methods=[BCE, CSL], num_folds=2, num_jobs=2, progress=False)
    found = recommend(base, tmp_path / "out", **arguments)
    assert list(found.rounds) == ["training"]  # the small network has no pretrained weights
    labels = json.loads(
        (tmp_path / "out/training_round/parts/half/as_annotated/seed_0/labels.json").read_text()
    )
    assert labels["num_samples"] == 120
    runs = tmp_path / "out" / "training_round" / "runs" / "half" / "as_annotated"
    images = []
    for fold in range(2):
        content = np.load(runs / CSL / f"seed_{fold}_trial_0" / "predictions.npz")
        assert set(content["labels"].tolist()) == {0, 1}
        images.append(len(np.unique(content["images"])))
        assert (runs / BCE / f"seed_{fold}_trial_0" / "class_prior.json").exists()
    assert sum(images) == 120
    assert Config.fromfile(found.config).model.head.loss.type
    # The second call trains nothing.
    before = {path: path.stat().st_mtime_ns for path in runs.rglob("*")}
    again = recommend(base, tmp_path / "out", **arguments)
    assert {path: path.stat().st_mtime_ns for path in runs.rglob("*")} == before
    assert (again.method, again.config) == (found.method, found.config)
