"""Execution of the Python blocks of each page, in order, in a temporary folder.

A block with ``_base_`` is loaded as a config. Each ``type`` in a block must be registered and accept
the given arguments.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import Registry
from mmpretrain import registry as mmpretrain_registries
from mmpretrain.registry import MODELS
from torch import nn

import mmpretrain_imbalance  # noqa: F401
from tests.docs.code_blocks import BLOCKS, ROOT, Block

REGISTRIES = [value for value in vars(mmpretrain_registries).values() if isinstance(value, Registry)]
TO_RUN = {
    page: [
        block for block in blocks if block.mark == "file" or (block.language == "python" and not block.mark)
    ]
    for page, blocks in BLOCKS.items()
    if not page.startswith("configs/")  # the configs of these pages have their own tests
}
TO_RUN = {page: blocks for page, blocks in TO_RUN.items() if any(one.language == "python" for one in blocks)}
RESERVED = {"type", "_delete_", "_scope_"}
ONE_EPOCH = "cfg.train_cfg.max_epochs = 1"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Provide a folder with the configs and tools of the clone; unregister classes of the page afterwards."""
    for name in ("configs", "tools", "mmpretrain_imbalance"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for registry in REGISTRIES:
        for name in [name for name, value in registry.module_dict.items() if value.__module__ == "page"]:
            del registry.module_dict[name]


@pytest.fixture
def trained_model(folder: Path) -> None:
    """Write the files that pages about trained models use: a config, a checkpoint and an image."""
    cfg = Config.fromfile("configs/partial_bce/digits-rps50_ignore.py")
    cfg.dump("config.py")
    model = MODELS.build(dict(cfg.model, data_preprocessor=cfg.get("data_preprocessor")))
    meta = dict(dataset_meta=dict(classes=[str(digit) for digit in range(10)]))
    (folder / "work_dirs" / "RUN").mkdir(parents=True)
    for path in ("epoch_20.pth", "work_dirs/RUN/epoch_20.pth"):
        torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
    (folder / "photos" / "a").mkdir(parents=True)
    cv2.imwrite("photos/a/1.jpg", np.zeros((32, 32, 3), np.uint8))


def components(value: object) -> Iterator[dict]:
    """Yield every dictionary with a type, at any depth."""
    if isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield value
        for item in value.values():
            yield from components(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from components(item)


def argument_names(component: type) -> set[str] | None:
    """Return the argument names of a component, including those of its base classes; None if it takes any."""
    if not inspect.isclass(component):
        parameters = inspect.signature(component).parameters.values()
        return (
            None
            if any(one.kind is one.VAR_KEYWORD for one in parameters)
            else {one.name for one in parameters}
        )
    names = set()
    for base in inspect.getmro(component):
        if base in (nn.Module, object) or "__init__" not in vars(base):
            continue
        parameters = inspect.signature(base.__init__).parameters.values()
        names |= {one.name for one in parameters}
        if not any(one.kind is one.VAR_KEYWORD for one in parameters):
            break
    return names


def unknown_arguments(component: dict) -> str:
    """Return the error in the type or the arguments of a component, or an empty string."""
    kind = component["type"].rsplit(".", 1)[-1]
    found = [one for one in (registry.get(kind) for registry in REGISTRIES) if one is not None]
    if not found:
        return f"{kind} is not registered"
    given = set(component) - RESERVED
    wrong = [given - names if (names := argument_names(one)) is not None else set() for one in found]
    return f"{kind} has no arguments {min(wrong, key=len)}" if all(wrong) else ""


def run(block: Block, state: dict) -> object:
    """Run a block with the variables of its page, and return the assigned variables."""
    # One epoch shows that the training of a page runs.
    text = block.text.replace("Runner.from_cfg(cfg).train()", f"{ONE_EPOCH}\nRunner.from_cfg(cfg).train()")
    first = text.split("\n", 1)[0]
    path = Path(first[2:] if re.fullmatch(r"# [\w/-]+\.py", first) else f"configs_of_page/x/{block.line}.py")
    if "_base_ =" not in text:
        before = dict(state)
        exec(compile(text, str(block), "exec"), state)
        return {key: value for key, value in state.items() if before.get(key) is not value}
    if not (path.parent.parent / "_base_").exists() and path.parts[0] == "configs_of_page":
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent.parent / "_base_").symlink_to(ROOT / "configs" / "_base_")
    path.write_text(text, encoding="utf-8")
    return dict(Config.fromfile(path).to_dict())


@pytest.mark.slow
@pytest.mark.usefixtures("trained_model")
@pytest.mark.parametrize("page", TO_RUN)
def test_blocks_run(page: str, folder: Path) -> None:
    state: dict = {"__name__": "page"}
    for block in TO_RUN[page]:
        if block.mark == "file":
            (folder / block.note).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.note).write_text(block.text, encoding="utf-8")
            continue
        assigned = run(block, state)
        named = [
            one for one in components(assigned) if one["type"] in block.text
        ]  # components of base configs are not checked
        faults = {unknown_arguments(component) for component in named} - {""}
        assert faults == set(), f"{block}: {faults}"


def test_misspelled_argument_is_found() -> None:
    assert unknown_arguments(dict(type="HillLoss", margin=1.0, reduction="sum", validate="now")) == ""
    assert unknown_arguments(dict(type="HillLoss", margn=1.0)) == "HillLoss has no arguments {'margn'}"
    assert unknown_arguments(dict(type="HilLoss")) == "HilLoss is not registered"
