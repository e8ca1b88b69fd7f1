"""Every method as a part of the config of a project: the config is read, and its head can be built."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.apis.project.backbone_choice import choose_backbone
from mmpretrain_imbalance.apis.project.base_configs import base_paths, copy_base_configs, method_names
from mmpretrain_imbalance.apis.project.method_settings import method_settings
from mmpretrain_imbalance.apis.project.project_config import TrainingSettings, project_config
from mmpretrain_imbalance.functional import label_figures
from mmpretrain_imbalance.utils.shipped_files import shipped_folder

BACKBONE = choose_backbone("timm/test_efficientnet", image_size=32)
FIGURES = label_figures([30, 10, 5], [20, 50, 60], [50, 40, 35])
# These methods need a file of pseudo-labels.
OTHER_RUN_FIRST = ("entropy_maximization_pseudo_label_loss", "generalized_pseudo_label_robust_loss")
SETTINGS = TrainingSettings(image_size=32, batch_size=4, max_epochs=6, learning_rate=1e-3, num_workers=0)


def config_of(folder: Path, method: str, changes: dict | None = None) -> Config:
    text = project_config(
        table="table.xlsx",
        image_folder="/photos of 'cats'",
        annotation_files=dict(train="train.csv", val="val.csv"),
        num_classes=3,
        num_images=100,
        backbone=BACKBONE,
        has_weights=True,
        method=method_settings(method, FIGURES, changes or {}),
        settings=SETTINGS,
    )
    (folder / "config.py").write_text(text, encoding="utf-8")
    copy_base_configs(base_paths(method), folder)
    return Config.fromfile(folder / "config.py")


@pytest.mark.parametrize("method", [name for name in method_names() if name not in OTHER_RUN_FIRST])
def test_every_method_can_be_inserted(method: str, tmp_path: Path) -> None:
    folder = tmp_path / "it's a project"
    folder.mkdir()
    cfg = config_of(folder, method)
    head = MODELS.build(cfg.model.head)
    assert head.fc.weight.shape == (3, BACKBONE.in_channels)
    assert type(head.loss_module).__name__ == cfg.loss.type
    if "head" in cfg:
        assert cfg.model.head.type == cfg.head.type
    assert (cfg.model.neck is None) == (method == "boost_lu")
    if "sampler" in cfg:
        assert cfg.train_dataloader.sampler == cfg.sampler
    assert [hook for hook in cfg.get("hooks", []) if hook not in cfg.custom_hooks] == []
    if "paramwise_cfg" in cfg:
        keys = cfg.optim_wrapper.paramwise_cfg.custom_keys
        assert keys == dict(cfg.paramwise_cfg.custom_keys, head=dict(lr_mult=10))


def test_declarations_of_a_method_are_not_parts() -> None:
    found = method_settings("class_aware_selective_loss", FIGURES, {})
    method = Config.fromfile(
        shipped_folder("configs") / "_base_" / "methods" / "class_aware_selective_loss.py"
    )
    assert set(method.keys()) == {"loss", "search_space", "requires"}
    assert found.parts == {"loss"}


@pytest.mark.parametrize("method", OTHER_RUN_FIRST)
def test_methods_that_need_a_file_raise(method: str) -> None:
    with pytest.raises(ValueError, match="whose loss needs 'pseudo_labels'"):
        method_settings(method, FIGURES, {})


def test_settings_at_the_top_reach_their_places(tmp_path: Path) -> None:
    cfg = config_of(tmp_path, "binary_cross_entropy")
    assert [step.scale for step in cfg.train_dataloader.dataset.pipeline if "scale" in step] == [32]
    for name in ("train", "val", "test"):
        loader = cfg[f"{name}_dataloader"]
        assert (loader.batch_size, loader.num_workers) == (4, 0)
        assert loader.dataset.data_root == cfg.work_dir.removesuffix("/work_dirs") == str(tmp_path)
        assert loader.dataset.data_prefix == "/photos of 'cats'"
        assert loader.dataset.ann_file == ("train.csv" if name == "train" else "val.csv")
        if name != "train":
            assert [step.scale for step in loader.dataset.pipeline if "scale" in step] == [(32, 32)]
    assert cfg.train_cfg.max_epochs == cfg.param_scheduler.T_max == 6
    assert cfg.optim_wrapper.optimizer.lr == 1e-3
    assert cfg.auto_scale_lr.base_batch_size == 4
    assert cfg.default_hooks.checkpoint.save_best == "partial-label/mAP"
    assert cfg.default_hooks.checkpoint.max_keep_ckpts
    assert {hook.type for hook in cfg.custom_hooks} >= {"LabelStatisticsHook", "BestThresholdsHook"}
    assert cfg.model.backbone.init_cfg.checkpoint == f"{tmp_path}/backbone.pth"


def test_config_is_short(tmp_path: Path) -> None:
    config_of(tmp_path, "class_aware_selective_loss")
    lines = (tmp_path / "config.py").read_text(encoding="utf-8").splitlines()
    assert max(map(len, lines)) <= 110
    assert len([line for line in lines if line and not line.startswith("#")]) < 40


def test_numbers_of_the_loss_come_from_the_labels(tmp_path: Path) -> None:
    # Unknown labels times the frequency of their class, per image.
    missing = (50 * 30 / 50 + 40 * 10 / 60 + 35 * 5 / 65) / 100
    cfg = config_of(tmp_path, "partial_label_masking_loss_selective")
    assert cfg.model.head.loss.loss.likelihood_topk == "auto"
    cfg = config_of(tmp_path, "online_label_estimation_loss")
    assert cfg.model.head.loss.expected_positives == pytest.approx(missing + 45 / 100, abs=0.01)
    assert (cfg.model.head.loss.num_images, cfg.model.head.loss.num_classes) == (100, 3)
    cfg = config_of(tmp_path, "asymmetric_pseudo_label_loss")
    assert cfg.model.head.loss.warmup_epochs == 3
    cfg = config_of(tmp_path, "class_aware_selective_loss", dict(prior_threshold=None, likelihood_topk=1))
    assert (cfg.model.head.loss.prior_threshold, cfg.model.head.loss.likelihood_topk) == (None, 1)
    loss = MODELS.build(cfg.model.head.loss)
    assert torch.isfinite(loss(torch.zeros(4, 3), -torch.ones(4, 3)))
