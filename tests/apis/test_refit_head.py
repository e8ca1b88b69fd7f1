"""The new checkpoint has the refitted head, and every tool uses it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from mmpretrain_imbalance.apis import RefittedHead, load_trained_model, refit_head
from mmpretrain_imbalance.functional import best_thresholds
from mmpretrain_imbalance.functional.refit import LinearHead, refit_linear_head
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.apis.drawn_data import write_checkpoint, write_data
from tests.hooks.test_refit_head_hook import assert_same, batches
from tests.integration.small_runs import small_config, train

WEIGHT, BIAS = "head.fc.weight", "head.fc.bias"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, Path]:
    """Run of one epoch with an average of the weights and chosen thresholds."""
    work_dir = tmp_path_factory.mktemp("refit_head") / "run"
    cfg = small_config(work_dir, 1, dict(type="PartialAsymmetricLoss", unknown="ignore"))
    cfg.train_cfg.val_interval = 1
    cfg.custom_hooks += [
        dict(type="BestThresholdsHook", shrinkage=3.0),
        dict(type="EMAHook", momentum=0.4),
    ]
    train(cfg)
    return cfg, work_dir / "epoch_1.pth"


@pytest.fixture(scope="module")
def refitted(trained: tuple[Config, Path]) -> RefittedHead:
    return refit_head(*trained, device="cpu")


def test_only_the_layer_differs(trained, refitted: RefittedHead) -> None:
    old, new = load_weights_only(trained[1]), load_weights_only(refitted.checkpoint)
    assert refitted.checkpoint == trained[1].with_name("epoch_1_refit.pth")
    assert {*new} == {"meta", "state_dict"}
    same = {WEIGHT: old["state_dict"][WEIGHT], BIAS: old["state_dict"][BIAS]}
    torch.testing.assert_close({**new["state_dict"], **same}, old["state_dict"], rtol=0, atol=0)
    assert not torch.equal(new["state_dict"][WEIGHT], old["state_dict"][WEIGHT])
    changed = {name for name, value in new["meta"].items() if old["meta"].get(name) != value}
    assert changed == {"thresholds", "refit"}


def test_the_head_is_that_of_the_averaged_model(trained, refitted: RefittedHead) -> None:
    cfg, checkpoint = trained
    state = load_weights_only(checkpoint)["state_dict"]
    model = load_trained_model(cfg, checkpoint).model
    data = [batches(model, cfg[f"{split}_dataloader"].dataset) for split in ("train", "val")]
    result = refit_linear_head(LinearHead(state[WEIGHT], state[BIAS]), *data, unknown_as_negative=False)
    assert_same(result.head, load_weights_only(refitted.checkpoint)["state_dict"])
    report = json.loads(refitted.report.read_text())
    assert report["chosen"] == result.chosen
    assert report["candidates"][0]["name"] == "trained"
    assert report["iter"] == 3


@pytest.mark.parametrize("hooks", [[], [dict(type="EMAHook", momentum=0.4)]])
def test_a_test_has_the_scores_of_the_new_head(
    trained, refitted: RefittedHead, hooks, tmp_path: Path
) -> None:
    cfg = trained[0].copy()
    cfg.work_dir, cfg.experiment_name, cfg.custom_hooks = str(tmp_path), f"test_{len(hooks)}", hooks
    cfg.load_from = str(refitted.checkpoint)
    runner = Runner.from_cfg(cfg)
    (data,) = batches(load_trained_model(cfg, refitted.checkpoint).model, cfg.test_dataloader.dataset)
    seen = []
    runner.test_evaluator.process = lambda data_samples, data_batch: seen.extend(data_samples)
    runner.test_evaluator.evaluate = lambda size: {}
    runner.test()
    state = load_weights_only(refitted.checkpoint)["state_dict"]
    expected = (data[0] @ state[WEIGHT].T + state[BIAS]).sigmoid()
    torch.testing.assert_close(torch.stack([sample.pred_score for sample in seen]), expected)


def test_the_thresholds_are_those_of_the_new_head(trained, refitted: RefittedHead) -> None:
    """The file beside the checkpoint has the thresholds of the trained head, after as many iterations."""
    cfg, checkpoint = trained
    state = load_weights_only(refitted.checkpoint)["state_dict"]
    ((features, labels),) = batches(load_trained_model(cfg, checkpoint).model, cfg.val_dataloader.dataset)
    scores = (features @ state[WEIGHT].T + state[BIAS]).sigmoid()
    expected, _ = best_thresholds(scores.numpy(), labels.numpy(), shrinkage=3.0)
    old, new = load_trained_model(cfg, checkpoint), load_trained_model(cfg, refitted.checkpoint)
    np.testing.assert_allclose(new.thresholds["thresholds"], expected, rtol=1e-4)
    assert new.thresholds["shrinkage"] == 3
    assert old.threshold_file == checkpoint.with_name("thresholds.json")
    assert new.threshold_file is None
    assert {**old.thresholds, "thresholds": 0, "global_threshold": 0} == {
        **{name: value for name, value in new.thresholds.items() if name != "refit"},
        "thresholds": 0,
        "global_threshold": 0,
    }


def test_thresholds_that_are_tuned_later_belong_to_the_new_head(
    trained, refitted: RefittedHead, tmp_path: Path
) -> None:
    cfg = trained[0].copy()
    cfg.work_dir, cfg.experiment_name = str(tmp_path), "tuned"
    cfg.custom_hooks, cfg.load_from = [dict(type="BestThresholdsHook")], str(refitted.checkpoint)
    Runner.from_cfg(cfg).val()
    for checkpoint, found in ((refitted.checkpoint, True), (trained[1], False)):
        copy = tmp_path / checkpoint.name
        copy.write_bytes(checkpoint.read_bytes())
        assert (load_trained_model(cfg, copy).threshold_file is not None) == found


def test_an_existing_file_and_a_missing_one_raise(trained, refitted: RefittedHead, tmp_path: Path) -> None:
    before = refitted.checkpoint.read_bytes()
    with pytest.raises(FileExistsError, match=r"exists. Delete the file, or choose another path with out"):
        refit_head(*trained)
    assert refitted.checkpoint.read_bytes() == before
    with pytest.raises(FileNotFoundError, match="must be an existing file"):
        refit_head(trained[0], tmp_path / "absent.pth")


def test_stored_features_are_used_again(trained, refitted: RefittedHead, tmp_path: Path) -> None:
    def times() -> list[int]:
        return [path.stat().st_mtime_ns for path in sorted(refitted.features.rglob("*.npy"))]

    before = times()
    again = refit_head(*trained, out=tmp_path / "again.pth", features=refitted.features, device="cpu")
    assert times() == before
    assert len(before) > 2
    first, second = (load_weights_only(file.checkpoint)["state_dict"] for file in (refitted, again))
    torch.testing.assert_close(first, second, rtol=0, atol=0)


def test_a_model_of_timm_with_softmax_gets_no_thresholds(tmp_path: Path) -> None:
    """Its checkpoint names the layer without the prefix of the module."""
    cfg = write_data(tmp_path)
    cfg.model = dict(
        type="TimmClassifier",
        model_name="test_resnet",
        num_classes=3,
        loss=dict(type="CrossEntropyLoss"),
        data_preprocessor=cfg.model.data_preprocessor,
    )
    checkpoint = write_checkpoint(cfg, tmp_path / "model.pth")
    refitted = refit_head(cfg, checkpoint, device="cpu")
    old, new = (load_weights_only(path)["state_dict"] for path in (checkpoint, refitted.checkpoint))
    assert {name for name in old if not torch.equal(old[name], new[name])} == {"fc.weight", "fc.bias"}
    assert refitted.thresholds is None


def test_another_head_raises_before_any_feature(trained, tmp_path: Path) -> None:
    cfg = write_data(tmp_path)
    cfg.model.neck = None
    cfg.model.head.boost_lu = 5.0
    checkpoint = write_checkpoint(cfg, tmp_path / "model.pth")
    with pytest.raises(ValueError, match=r"boost_lu=5\.0 must be 1"):
        refit_head(cfg, checkpoint)
    assert not (tmp_path / "model_features").exists()
