"""Files of the wheel: configs and tools in the folders in which mim and MMEngine look for them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import mmpretrain
import pytest
import yaml
from mmengine.config import Config
from modelindex.load_model_index import load

from mmpretrain_imbalance.apis.model_index import find_model_index

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted(path.relative_to(ROOT / "configs").as_posix() for path in (ROOT / "configs").rglob("*.py"))


@pytest.fixture(scope="session")
def contents(wheel: Path) -> list[str]:
    return zipfile.ZipFile(wheel).namelist()


@pytest.mark.parametrize(
    "target", ["mmpretrain_imbalance/.mim/configs", "mmpretrain/.mim/configs/mmpretrain_imbalance"]
)
def test_every_config_is_in_both_folders(contents: list[str], target: str) -> None:
    assert CONFIGS
    assert [config for config in CONFIGS if f"{target}/{config}" not in contents] == []


def test_every_tool_is_in_the_wheel(contents: list[str]) -> None:
    tools = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tools").rglob("*")
        if path.suffix in (".py", ".sh")
    ]
    assert tools
    assert [tool for tool in tools if f"mmpretrain_imbalance/.mim/{tool}" not in contents] == []


def test_type_marker_is_in_the_wheel(contents: list[str]) -> None:
    assert "mmpretrain_imbalance/py.typed" in contents


def test_templates_of_the_reports_are_in_the_wheel(contents: list[str]) -> None:
    folder = ROOT / "mmpretrain_imbalance" / "visualization" / "templates"
    templates = [path.relative_to(ROOT).as_posix() for path in folder.iterdir()]
    assert len(templates) > 3
    assert [template for template in templates if template not in contents] == []


def test_nothing_else_is_in_the_wheel(contents: list[str]) -> None:
    folders = (
        "mmpretrain_imbalance/",
        "mmpretrain/.mim/configs/mmpretrain_imbalance/",
        "mmpretrain_imbalance-",
    )
    assert [name for name in contents if not name.startswith(folders)] == []
    assert [name for name in contents if name.endswith(".pyc")] == []


def test_first_file_belongs_to_our_package(contents: list[str]) -> None:
    """One version of mim uses the folder of the first recorded file as the package folder."""
    assert contents[0].startswith("mmpretrain_imbalance/")


def test_config_names_are_unique() -> None:
    """mim looks for a config by its file name, among our configs and those of MMPretrain."""
    ours = [Path(config).name for config in CONFIGS if not config.startswith("_base_/")]
    folder = Path(mmpretrain.__file__).parent / ".mim" / "configs"
    theirs = {
        path.name
        for path in folder.rglob("*.py")
        if "mmpretrain_imbalance" not in path.relative_to(folder).parts
    }
    assert theirs
    assert sorted(name for name in ours if ours.count(name) > 1 or name in theirs) == []


def test_model_index_lists_every_metafile() -> None:
    listed = yaml.safe_load((ROOT / "model-index.yml").read_text(encoding="utf-8"))["Import"]
    assert sorted(listed) == sorted(
        path.relative_to(ROOT).as_posix() for path in (ROOT / "configs").rglob("metafile.yml")
    )


def test_metafiles_name_existing_configs() -> None:
    metafiles = [
        yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "configs").rglob("metafile.yml")
    ]
    configs = [model["Config"] for metafile in metafiles for model in metafile.get("Models") or []]
    assert [config for config in configs if not (ROOT / config).is_file()] == []


def test_installed_model_index_names_installed_configs(wheel: Path, tmp_path: Path) -> None:
    """`mmpretrain.get_model` reads the config that the installed index names."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    index = find_model_index(tmp_path / "mmpretrain_imbalance")
    assert index is not None
    assert index.is_relative_to(tmp_path)
    configs = {model.name: index.parent / model.config for model in load(str(index)).models}
    assert len(configs) > 50
    assert [config for config in configs.values() if not config.is_file()] == []
    assert Config.fromfile(configs["digits-rps50_hill"]).model.head.loss.type == "HillLoss"
