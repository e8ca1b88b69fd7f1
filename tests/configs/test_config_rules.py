"""Rules of configs/README.md: one file per method and per simulation, and the batch size in the name."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from mmengine.config import ConfigDict

from tests.configs.compared_protocols import COMPARED
from tests.shipped_config import shared_config

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
BASES = CONFIGS / "_base_"
METHODS = sorted((BASES / "methods").glob("*.py"))
RUNNABLE = sorted(path for path in CONFIGS.glob("*/*.py") if path.parent != BASES)
# MMPretrain's config without auto_scale_lr and without our _base_; partial labels are the only change.
OF_MMPRETRAIN = "resnet101-csra_1xb16_partial-voc07"
SHIPPED = [path for path in RUNNABLE if path.stem != OF_MMPRETRAIN]
DIGITS_BATCH = 64
NAMES_OF_A_METHOD = {"loss", "head", "sampler", "hooks", "paramwise_cfg", "search_space", "requires"}


def name(path: Path) -> str:
    return str(path.relative_to(CONFIGS))


def bases(path: Path) -> set[Path]:
    """Return all files of this repository from which a config inherits, directly or indirectly."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_base_":
            named = ast.literal_eval(node.value)
            for base in [named] if isinstance(named, str) else named:
                if "::" not in base:
                    found |= {(path.parent / base).resolve(), *bases((path.parent / base).resolve())}
    return found


def loss_types(loss: ConfigDict) -> list[str]:
    """List the types of a composition of losses, from the outermost to the innermost."""
    return [loss.type, *(loss_types(loss.loss) if "loss" in loss else [])]


@pytest.mark.parametrize("path", SHIPPED, ids=name)
def test_loss_comes_from_the_method_file(path: Path) -> None:
    assert bases(path) & set(METHODS)
    assert re.findall(r"type=['\"](\w*Loss)['\"]", path.read_text(encoding="utf-8")) == []
    cfg = shared_config(path)
    assert loss_types(cfg.model.head.loss) == loss_types(cfg.loss)


@pytest.mark.parametrize("path", SHIPPED, ids=name)
def test_config_contains_all_settings_of_the_method(path: Path) -> None:
    cfg = shared_config(path)
    if "head" in cfg:
        assert cfg.model.head.type == cfg.head.type
        assert set(cfg.head) <= set(cfg.model.head)
    if "sampler" in cfg:
        assert cfg.train_dataloader.sampler == cfg.sampler
    assert [hook for hook in cfg.get("hooks", []) if hook not in cfg.custom_hooks] == []
    if "paramwise_cfg" in cfg:
        keys = cfg.optim_wrapper.paramwise_cfg.custom_keys
        assert dict(keys, **cfg.paramwise_cfg.custom_keys) == keys


@pytest.mark.parametrize("path", METHODS, ids=name)
def test_method_defines_a_loss_and_cites_its_source(path: Path) -> None:
    assert {"loss"} <= set(shared_config(path)) <= NAMES_OF_A_METHOD
    comment = path.read_text(encoding="utf-8").split("\n\n")[0].split("loss = ")[0]
    found = re.search(r"arXiv\s+(#\s+)?\d{4}\.\d{5}|CVPR 2023|baseline", comment)
    assert found, (
        "Name the paper (arXiv 1234.56789) in the comment above the loss, or write that it is a baseline."
    )


def test_every_method_protocol_and_simulation_is_used() -> None:
    used = set().union(*(bases(path) for path in SHIPPED))
    parts = {path for part in ("methods", "protocols", "simulations") for path in (BASES / part).glob("*.py")}
    assert sorted(map(name, parts - used)) == sorted(map(name, COMPARED))


def test_simulations_are_defined_in_their_folder_only() -> None:
    holders = {path for path in CONFIGS.rglob("*.py") if "SimulatePartialLabels" in path.read_text("utf-8")}
    assert {path.parent for path in holders} == {BASES / "simulations"}


@pytest.mark.parametrize("path", RUNNABLE, ids=name)
def test_name_contains_the_batch_size(path: Path) -> None:
    cfg = shared_config(path)
    batch_size = cfg.train_dataloader.batch_size
    if path.stem.startswith("digits-"):
        gpus, in_name = 1, DIGITS_BATCH
    else:
        gpus, in_name = map(int, re.fullmatch(r"[\w-]+?_(\d+)xb(\d+)_.+", path.stem).groups())
    assert batch_size == in_name
    if path.stem == OF_MMPRETRAIN:
        assert "auto_scale_lr" not in cfg
    else:
        assert cfg.auto_scale_lr == dict(base_batch_size=gpus * in_name)


def test_every_run_has_the_hook_that_checks_for_unknown_labels() -> None:
    """The adoption example shows the fewest changes to a config of MMPretrain; its loss supports -1."""
    without = [
        path.stem
        for path in RUNNABLE
        if "LabelStatisticsHook" not in [hook.type for hook in shared_config(path).get("custom_hooks", [])]
    ]
    assert without == [OF_MMPRETRAIN]
    runtimes = sorted(BASES.glob("*runtime.py"))
    assert len(runtimes) == 5
    assert all(
        "LabelStatisticsHook" in [hook.type for hook in shared_config(path).custom_hooks] for path in runtimes
    )


def test_comments_describe_the_batch_size_per_gpu() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in CONFIGS.rglob("*.py")}
    settings = [line for text in texts.values() for line in re.findall(r"^batch_size = .*$", text, re.M)]
    assert len(settings) > 5
    assert [line for line in settings if "# per GPU" not in line] == []
    assert [name(path) for path, text in texts.items() if "of all GPUs together" in text] == []
