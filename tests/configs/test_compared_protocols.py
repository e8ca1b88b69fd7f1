"""Protocols for the comparison of methods: with a method, each trains a step and predicts on small data."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import timm
from mmengine.config import Config
from mmengine.runner import Runner

from tests.configs.compared_protocols import COMPARED, PROTOCOLS
from tests.configs.shrunk_config import shrink

METHOD = PROTOCOLS.parent / "methods" / "binary_cross_entropy.py"


def with_a_method(protocol: Path, folder: Path) -> Path:
    """Write the config that configs/README.md describes: a protocol and a method."""
    path = folder / f"{protocol.stem}_config.py"
    bases = [str(protocol), str(METHOD)]
    path.write_text(f"_base_ = {bases}\nmodel = dict(head=dict(loss=_base_.loss))\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("protocol", COMPARED, ids=lambda path: path.stem)
def test_protocol_with_a_method_trains_a_step_and_predicts(protocol: Path, tmp_path: Path) -> None:
    runner = Runner.from_cfg(shrink(with_a_method(protocol, tmp_path), tmp_path))
    before = runner.model.head.fc.weight.detach().clone()
    runner.train()
    assert math.isfinite(runner.message_hub.get_scalar("train/loss").current())
    assert not before.equal(runner.model.head.fc.weight)
    assert [name for name in runner.message_hub.log_scalars if "mAP" in name]
    num_classes = len(runner.val_dataloader.dataset.metainfo["classes"])
    (batch,) = runner.val_dataloader
    assert {sample.pred_score.shape for sample in runner.model.eval().val_step(batch)} == {(num_classes,)}


@pytest.mark.parametrize("protocol", COMPARED, ids=lambda path: path.stem)
def test_protocol_has_no_method_and_states_its_batch_size(protocol: Path) -> None:
    cfg = Config.fromfile(protocol)
    assert "loss" not in cfg.model.head
    assert cfg.auto_scale_lr == dict(base_batch_size=cfg.train_dataloader.batch_size)
    assert "LabelStatisticsHook" in [hook.type for hook in cfg.custom_hooks]


@pytest.mark.parametrize(("name", "num_classes"), [("cifar10_all_known", 10), ("cifar100_all_known", 100)])
def test_sigmoids_of_cifar_start_at_one_positive_per_image(name: str, num_classes: int) -> None:
    cfg = Config.fromfile(PROTOCOLS / f"{name}.py")
    assert cfg.model.head.num_classes == cfg.model.data_preprocessor.num_classes == num_classes
    assert cfg.model.head.init_cfg.bias == pytest.approx(-math.log(num_classes - 1), abs=1e-4)


def test_head_fits_the_features_of_efficientnet_lite0() -> None:
    model = Config.fromfile(PROTOCOLS.parent / "models" / "efficientnet_lite0.py").model
    network = timm.create_model(model.backbone.model_name)
    assert model.head.in_channels == network.num_features == network.classifier.in_features
    assert sum(parameter.numel() for parameter in network.parameters()) == pytest.approx(4.65e6, abs=0.005e6)
