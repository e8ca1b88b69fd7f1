"""Our configs as models of MMPretrain, and as models that `mim search` finds."""

from __future__ import annotations

from pathlib import Path

import mmpretrain
import pytest
import yaml
from mim.commands.search import convert2df, filter_by_models
from mmengine.config import Config
from mmpretrain.registry import MODELS
from modelindex.load_model_index import load

import mmpretrain_imbalance
from mmpretrain_imbalance.apis.model_index import find_model_index, register_models

ROOT = Path(mmpretrain_imbalance.__file__).resolve().parents[1]


def configs() -> dict[str, Path]:
    """Return all configs that a folder lists, by base name."""
    paths = [path for path in (ROOT / "configs").glob("*/*.py") if path.parent.name != "_base_"]
    return {path.stem: path for path in paths}


def test_list_models_knows_every_config() -> None:
    assert len(configs()) > 50
    assert set(configs()) <= set(mmpretrain.list_models())  # also raises if a name occurs twice
    assert mmpretrain.list_models("digits-rps50_hill") == ["digits-rps50_hill"]


def test_list_models_selects_by_task() -> None:
    multi_label = mmpretrain.list_models(task="Multi-Label Classification")
    assert "resnet101_8xb16_coco_asl" in multi_label
    assert "resnet32_1xb128_cifar10-lt_ldam" not in multi_label  # one label per image
    assert "resnet32_1xb128_cifar10-lt_ldam" in mmpretrain.list_models(task="Image Classification")


@pytest.mark.parametrize("name", ["digits-rps50_hill", "resnet50_8xb8_coco-rps50_csl"])
def test_get_model_builds_the_model_of_the_config(name: str) -> None:
    model = mmpretrain.get_model(name)
    cfg = Config.fromfile(configs()[name])
    assert type(model.head) is MODELS.get(cfg.model.head.type)
    assert type(model.head.loss_module).__name__ == cfg.model.head.loss.type
    assert model.head.num_classes == cfg.model.head.num_classes


def test_a_second_registration_changes_nothing() -> None:
    register_models()
    assert set(configs()) <= set(mmpretrain.list_models())


def test_index_of_an_installation_is_inside_the_package(tmp_path: Path) -> None:
    package = tmp_path / "mmpretrain_imbalance"
    (package / ".mim").mkdir(parents=True)
    assert find_model_index(package) is None
    (tmp_path / "model-index.yml").touch()
    assert find_model_index(package) == tmp_path / "model-index.yml"
    (package / ".mim" / "model-index.yml").touch()
    assert find_model_index(package) == package / ".mim" / "model-index.yml"


def test_mim_search_finds_the_models_of_a_method() -> None:
    metafile = yaml.safe_load((ROOT / "configs" / "hill" / "metafile.yml").read_text(encoding="utf-8"))
    table = convert2df(load(str(ROOT / "model-index.yml")))
    found = filter_by_models(table, [metafile["Collections"][0]["Name"]])
    assert sorted(found.index) == sorted(model["Name"] for model in metafile["Models"])
