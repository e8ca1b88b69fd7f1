"""Tests of every config in configs/, including new ones: one training step, and its documentation."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import mmpretrain
import pytest
import torch
import yaml
from mmengine.runner import Runner
from mmpretrain.models.heads import MultiLabelClsHead

from tests.configs.shrunk_config import shrink
from tests.shipped_config import shared_config

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs"
MMPRETRAIN_CONFIGS = Path(mmpretrain.__file__).parent / ".mim" / "configs"
ALL = sorted(CONFIGS.rglob("*.py"))
RUNNABLE = [path for path in ALL if "_base_" not in path.parts]
FOLDERS = sorted({path.parent for path in RUNNABLE})


def name(path: Path) -> str:
    return str(path.relative_to(CONFIGS))


def metafile(folder: Path) -> dict:
    return yaml.safe_load((folder / "metafile.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", RUNNABLE, ids=name)
def test_config_trains_a_step_and_predicts(path: Path, tmp_path: Path) -> None:
    runner = Runner.from_cfg(shrink(path, tmp_path))
    before = {key: value.clone() for key, value in runner.model.state_dict().items()}
    runner.train()
    assert runner.iter == 1
    assert math.isfinite(runner.message_hub.get_scalar("train/loss").current())
    moved = [
        key
        for key, value in runner.model.state_dict().items()
        if not torch.equal(value, before.get(key, value))
    ]
    assert moved
    assert all(len(state) for state in runner.optim_wrapper.optimizer.state.values())
    assert [key for key in runner.message_hub.log_scalars if "mAP" in key or "accuracy" in key]

    (batch,) = runner.val_dataloader
    num_classes = len(runner.val_dataloader.dataset.metainfo["classes"])
    samples = runner.model.eval().val_step(batch)
    assert len(samples) == len(batch["data_samples"])
    for sample in samples:
        assert sample.pred_score.shape == (num_classes,)
        assert ((sample.pred_score >= 0) & (sample.pred_score <= 1)).all()

    # mmpretrain.list_models(task=...) selects by this task.
    (model,) = [model for model in metafile(path.parent)["Models"] if model["Name"] == path.stem]
    kind = "Multi-Label" if isinstance(runner.model.head, MultiLabelClsHead) else "Image"
    assert [result["Task"] for result in model["Results"]] == [f"{kind} Classification"]


@pytest.mark.parametrize("path", RUNNABLE, ids=name)
def test_config_imports_the_package(path: Path) -> None:
    assert "mmpretrain_imbalance" in shared_config(path).custom_imports["imports"]


def test_base_names_are_unique() -> None:
    """`mim train mmpretrain NAME` looks for the name among MMPretrain's configs and ours."""
    theirs = {
        path.name for path in MMPRETRAIN_CONFIGS.rglob("*.py") if "mmpretrain_imbalance" not in path.parts
    }
    assert theirs
    ours = Counter(path.name for path in ALL)
    assert sorted(base for base, count in ours.items() if count > 1 or base in theirs) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_folder_describes_its_configs(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    index = metafile(folder)
    configs = sorted(str(path.relative_to(ROOT)) for path in RUNNABLE if path.parent == folder)
    assert sorted(model["Config"] for model in index["Models"]) == configs
    assert [config for config in configs if Path(config).name not in text] == []
    assert [model["Name"] for model in index["Models"] if model["Name"] != Path(model["Config"]).stem] == []
    collections = {collection["Name"]: collection for collection in index["Collections"]}
    assert {model["In Collection"] for model in index["Models"]} == set(collections)
    for collection in collections.values():
        assert (ROOT / collection["README"]) == folder / "README.md"
        assert collection["Paper"]["URL"].startswith("https://")
        assert (ROOT / collection["Code"]["URL"]).is_file()


def test_model_index_imports_every_metafile() -> None:
    imported = yaml.safe_load((ROOT / "model-index.yml").read_text(encoding="utf-8"))["Import"]
    assert sorted(imported) == [str((folder / "metafile.yml").relative_to(ROOT)) for folder in FOLDERS]


def test_collection_names_are_unique() -> None:
    names = Counter(
        collection["Name"] for folder in FOLDERS for collection in metafile(folder)["Collections"]
    )
    assert [collection for collection, count in names.items() if count > 1] == []
