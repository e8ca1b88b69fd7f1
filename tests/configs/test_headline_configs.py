"""Configs of the papers' experiments: checks without a run. test_configs.py runs them on small data."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import mmengine.registry
import mmpretrain.registry
import pytest
from mmengine.config import Config
from mmengine.registry import Registry
from mmpretrain.registry import DATASETS, MODELS

from mmpretrain_imbalance.datasets import label_counts
from tests.configs.shrunk_config import dicts_in, shrink
from tests.shipped_config import shared_config

ROOT = Path(__file__).resolve().parents[2]
HEADLINES = sorted(path for path in (ROOT / "configs").glob("*/resnet*.py") if path.parent.name != "adoption")
REGISTRIES = [
    registry
    for module in (mmpretrain.registry, mmengine.registry)
    for registry in vars(module).values()
    if isinstance(registry, Registry)
]

CLASSES = {
    "voc12-sp": 20, "voc-mlt": 20, "nus-wide-sp": 81, "cub-sp": 312, "lvis": 1203, "open-images": 9605,
    "cifar10-lt": 10, "cifar100-lt": 100,
    "coco": 80, "coco-sp": 80, "coco-drop60": 80, "coco-rps50": 80, "coco-fpc1000": 80, "coco-mlt": 80,
}  # fmt: skip
OPEN_IMAGES_V3 = "resnet101_1xb16_open-images_large-loss-temporary"

# Values of the sources: images per step, epochs, learning rate, weight decay, pixels; then loss arguments.
ASL = (128, 40, 1e-4, 1e-4, 448)
HILL = (128, 30, 1e-4, 1e-4, 448)
CSL = (64, 30, 2e-4, 1e-4, 448)
SELECTIVE = dict(gamma_pos=0, gamma_neg=1, gamma_unknown=4, likelihood_topk=5, reduction="sum")
CIFAR = (128, 200, 0.1, 2e-4, None)
PUBLISHED = {
    "resnet50_1xb8_voc12-sp_an-ls": (8, 10, 1e-5, 0, 448, dict(variant="smoothed", smoothing=0.1)),
    "resnet50_1xb16_nus-wide-sp_epr": (16, 10, 1e-5, 0, 448, dict(expected_positives=1.9)),
    "resnet50_1xb16_coco-sp_role": (16, 10, 1e-5, 0, 448, dict(expected_positives=2.9)),
    "resnet50_1xb8_cub-sp_role": (8, 10, 1e-4, 0, 448, dict(expected_positives=31.4)),
    "resnet50_1xb8_voc12-sp_em": (8, 10, 1e-5, 0, 448, dict(alpha=0.2)),
    "resnet50_1xb16_coco-sp_em-apl": (
        (16, 10, 1e-5, 0, 448, dict(alpha=0.1, beta=0.9, proportion=0.9, warmup_epochs=5))
    ),
    "resnet50_1xb8_voc12-sp_gr": (8, 8, 1e-5, 0, 448, dict(positive_exponent=0.01, negative_exponent=1)),
    "resnet50_1xb16_coco-sp_large-loss-reject": (16, 10, 1e-5, 0, 448, dict(scheme="reject")),
    "resnet50_1xb16_coco-sp_large-loss-permanent": (16, 10, 1e-5, 0, 448, dict(delta=0.1)),
    "resnet50_1xb16_coco-sp_large-loss-boost-lu": (16, 10, 1e-5, 0, 448, dict(scheme="reject", delta=0.5)),
    "resnet101_8xb16_coco_asl": (*ASL, dict(gamma_pos=0, gamma_neg=4, clip=0.05, reduction="sum")),
    "resnet50_8xb16_coco-drop60_hill": (*HILL, {}),
    "resnet50_8xb16_coco-drop60_splc": (
        *HILL,
        dict(threshold=0.6, correction_epoch=1, correct_negatives=True),
    ),
    "resnet50_8xb8_coco-fpc1000_csl": (*CSL, dict(SELECTIVE, gamma_neg=3, prior_threshold=None)),
    "resnet50_8xb8_coco-rps50_csl": (*CSL, dict(SELECTIVE, prior_threshold=0.5)),
    "resnet50_4xb128_coco_two-way": (
        (512, 40, 0.01, 1e-4, 224, dict(positive_temperature=4, negative_temperature=1))
    ),
    "resnet50_1xb32_coco-mlt_db": (
        32,
        8,
        0.02,
        1e-4,
        224,
        dict(alpha=0.1, beta=10, gamma=0.2, negative_scale=2),
    ),
    "resnet50_1xb32_voc-mlt_db": (
        32,
        8,
        0.02,
        1e-4,
        224,
        dict(alpha=0.1, beta=10, gamma=0.3, negative_scale=5),
    ),
    "resnet32_1xb128_cifar10-lt_class-balanced": (*CIFAR, dict(beta=0.9999, scope="image")),
    "resnet32_1xb128_cifar10-lt_ldam": (*CIFAR, dict(max_margin=0.5, scale=30)),
}
# Methods, as in the name of a config, for which the authors' code does not use our default reduction.
SUMMED = ("asl", "focal", "csl", "ignore", "hill", "splc")
AVERAGED = ("an-ls", "epr", "role", "em", "em-apl", "gr", "db", "large-loss-reject", "large-loss-permanent",
            "large-loss-temporary", "large-loss-boost-lu")  # fmt: skip


@pytest.fixture(params=HEADLINES, ids=lambda path: path.stem)
def headline(request: pytest.FixtureRequest) -> tuple[Path, Config]:
    return request.param, shared_config(request.param)


@cache
def is_registered(kind: str) -> bool:
    return any(kind in registry for registry in REGISTRIES)


def test_every_type_is_registered(headline: tuple[Path, Config]) -> None:
    types = {node["type"] for node in dicts_in(dict(headline[1])) if isinstance(node.get("type"), str)}
    assert [kind for kind in sorted(types) if not is_registered(kind)] == []


def test_head_has_a_logit_for_every_class_of_the_data(headline: tuple[Path, Config]) -> None:
    path, cfg = headline
    expected = 5000 if path.stem == OPEN_IMAGES_V3 else CLASSES[path.stem.split("_")[2]]
    assert cfg.model.head.num_classes == cfg.num_classes == expected
    found = {node["num_classes"] for node in dicts_in(dict(cfg)) if "num_classes" in node}
    assert found == {expected}


def test_shrunk_data_has_unknown_labels_in_every_class(headline: tuple[Path, Config], tmp_path: Path) -> None:
    counts = label_counts(DATASETS.build(shrink(headline[0], tmp_path).train_dataloader.dataset))
    assert len(counts.unknown) == headline[1].num_classes
    assert counts.positives.sum() > 0
    assert (counts.unknown > 0).all() != ("cifar" in headline[0].stem)


def test_pretrained_weights_match_the_backbone(headline: tuple[Path, Config]) -> None:
    backbone = headline[1].model.backbone
    if backbone.type == "ResNet":
        assert f"/resnet{backbone.depth}_" in backbone.init_cfg.checkpoint
        assert backbone.init_cfg.prefix == "backbone"
        assert f"resnet{backbone.depth}_" in headline[0].name


def test_learning_rate_is_defined_until_the_last_epoch(headline: tuple[Path, Config]) -> None:
    cfg = headline[1]
    schedulers = cfg.get("param_scheduler", [])
    for scheduler in schedulers if isinstance(schedulers, list) else [schedulers]:
        if scheduler.type == "OneCycleLR":
            assert scheduler.total_steps >= cfg.train_cfg.max_epochs
            assert scheduler.eta_max == cfg.optim_wrapper.optimizer.lr
        if scheduler.type == "CosineAnnealingLR":
            assert scheduler.T_max == cfg.train_cfg.max_epochs
        if scheduler.type == "MultiStepLR":
            assert max(scheduler.milestones) < cfg.train_cfg.max_epochs


@pytest.mark.parametrize("name", PUBLISHED)
def test_values_equal_those_of_the_source(name: str) -> None:
    (path,) = (path for path in HEADLINES if path.stem == name)
    cfg = shared_config(path)
    optimizer = cfg.optim_wrapper.optimizer
    pipeline = cfg.val_dataloader.dataset.pipeline
    sides = [step.get("crop_size", step.get("scale")) for step in pipeline]
    sides = [side[0] if isinstance(side, (tuple, list)) else side for side in sides if side]
    found = (
        cfg.auto_scale_lr.base_batch_size, cfg.train_cfg.max_epochs, optimizer.lr, optimizer.weight_decay,
        sides[-1] if sides else None,
    )  # fmt: skip
    *numbers, loss = PUBLISHED[name]
    assert found == tuple(numbers)
    assert {key: cfg.model.head.loss[key] for key in loss} == loss


def test_reduction_equals_that_of_the_source(headline: tuple[Path, Config]) -> None:
    path, cfg = headline
    method = path.stem.split("_")[-1]
    expected = "sum" if method in SUMMED else "mean" if method in AVERAGED else "mean_images"
    assert MODELS.build(cfg.model.head.loss).reduction == expected


def test_weights_are_averaged_as_in_the_source() -> None:
    averaged = {
        path.stem: hook.momentum
        for path in HEADLINES
        for hook in shared_config(path).custom_hooks
        if hook.type == "EMAHook"
    }
    assert set(averaged.values()) == {3e-4}
    assert {
        "resnet101_8xb16_coco_asl",
        "resnet50_8xb16_coco-drop60_hill",
        "resnet50_8xb8_coco-rps50_csl",
    } <= set(averaged)


def test_class_prior_comes_from_a_run_on_the_same_labels(headline: tuple[Path, Config]) -> None:
    path, cfg = headline
    for node in dicts_in(cfg.model):
        if isinstance(node.get("class_prior"), str):
            run = Path(node["class_prior"]).parent.name
            estimating = shared_config(ROOT / "configs" / "partial_bce" / f"{run}.py")
            assert estimating.model.head.loss.type == "ClassPriorTrackingLoss"
            assert estimating.train_dataloader == cfg.train_dataloader
            assert f"configs/partial_bce/{run}.py" in (path.parent / "README.md").read_text(encoding="utf-8")


def test_per_sample_losses_have_one_row_per_training_image() -> None:
    sizes = {"coco-sp": 82783, "cub-sp": 5994}
    found = {
        path.stem.split("_")[2]: node["num_images"]
        for path in HEADLINES
        for node in dicts_in(shared_config(path).model)
        if "num_images" in node
    }
    assert found == sizes


def test_checkpoint_from_which_drw_resumes_is_kept() -> None:
    folder = ROOT / "configs" / "ldam"
    first, second = (
        shared_config(folder / f"resnet32_1xb128_cifar10-lt_{end}.py") for end in ("ldam", "ldam-drw")
    )
    run, epoch = re.fullmatch(r"work_dirs/([\w-]+)/epoch_(\d+)\.pth", second.load_from).groups()
    assert (folder / f"{run}.py").is_file()
    assert second.resume
    saving = first.default_hooks.checkpoint
    saved = range(saving.interval, first.train_cfg.max_epochs + 1, saving.interval)
    assert int(epoch) in saved[-saving.max_keep_ckpts :]


def test_config_cites_its_source_and_the_readme_has_its_command(headline: tuple[Path, Config]) -> None:
    path, _ = headline
    comment = path.read_text(encoding="utf-8").split("_base_")[0]
    assert re.search(r"arXiv \d{4}\.\d{5}|CVPR 2023", comment)
    commands = (path.parent / "README.md").read_text(encoding="utf-8")
    command = rf"^(python tools/train\.py|bash tools/dist_train\.sh) {path.relative_to(ROOT)}\b"
    assert re.search(command, commands, re.MULTILINE)
    assert "docs/datasets.md#" in commands
