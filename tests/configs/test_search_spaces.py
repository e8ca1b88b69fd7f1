"""Values to try and earlier runs that method files declare: they exist, and every value can be built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.config import Config
from mmpretrain.registry import DATA_SAMPLERS, MODELS

from tests.datasets.label_table import LabelTable, long_tailed_table

FOLDER = Path(__file__).resolve().parents[2] / "configs" / "_base_" / "methods"
METHODS = {path.stem: Config.fromfile(path) for path in sorted(FOLDER.glob("*.py"))}
SPACES = [
    pytest.param(name, key, values, id=f"{name}-{key}")
    for name, method in METHODS.items()
    for key, values in method.get("search_space", {}).items()
]
REQUIRE = {name: method.requires for name, method in METHODS.items() if "requires" in method}
# Arguments that a config of any data sets, by the type of the loss.
OF_THE_DATA = {"EntropyMaximizationPseudoLabelLoss": ["pseudo_labels"]}


def value_at(method: Config, key: str) -> Any:
    """Return the value at a dotted key of a method file; a key that the file lacks raises a KeyError."""
    node = method._cfg_dict
    for name in key.split("."):
        node = dict.__getitem__(node, name)
    return node


def losses_in(loss: dict) -> list[dict]:
    return [loss, *(losses_in(loss["loss"]) if "loss" in loss else [])]


def build(method: Config, folder: Path) -> None:
    """Build the parts of a method as a config of three classes inserts them."""
    loss = method.loss.to_dict()
    for name in OF_THE_DATA.get(loss["type"], []):
        np.save(folder / "given.npy", np.zeros((4, 3), np.int8))
        loss[name] = str(folder / "given.npy")
    head = dict(type="MultiLabelLinearClsHead", num_classes=3, in_channels=4)
    MODELS.build({**head, **method.get("head", {}), "loss": loss})
    if "sampler" in method:
        labels = LabelTable(long_tailed_table(20))
        DATA_SAMPLERS.build(method.sampler, default_args=dict(dataset=labels, seed=0))


@pytest.mark.parametrize(("name", "key", "values"), SPACES)
def test_the_values_of_a_space_can_be_built(name: str, key: str, values: list, tmp_path: Path) -> None:
    assert 2 <= len(values) <= 5
    assert value_at(METHODS[name], key) in values
    assert len({repr(value) for value in values}) == len(values)
    for value in values:
        method = Config.fromfile(FOLDER / f"{name}.py")
        method.merge_from_dict({key: value})
        assert value_at(method, key) == value
        build(method, tmp_path)


def test_a_space_has_one_or_two_keys() -> None:
    spaces = {name: method.search_space for name, method in METHODS.items() if "search_space" in method}
    assert [name for name, space in spaces.items() if len(space) not in (1, 2)] == []


def test_methods_that_read_a_class_prior_name_the_run_that_makes_it() -> None:
    readers = {
        name
        for name, method in METHODS.items()
        if any("class_prior" in loss for loss in losses_in(method.loss))
    }
    assert readers == set(REQUIRE)
    for name, requires in REQUIRE.items():
        for argument, other in requires.items():
            assert [loss for loss in losses_in(METHODS[name].loss) if argument in loss]
            assert other in METHODS
            assert "requires" not in METHODS[other]


def test_declarations_change_neither_model_nor_training() -> None:
    """A config contains the declarations of its method as variables, also after it was written."""
    path = FOLDER.parents[1] / "combinations" / "digits-rps50_plm-csl.py"
    cfg = Config.fromfile(path)
    assert cfg.search_space == METHODS["partial_label_masking_loss_selective"].search_space
    assert Config.fromstring(cfg.pretty_text, ".py").to_dict() == cfg.to_dict()
    cfg.merge_from_dict({"model.head.loss.rate": 0.5})
    assert cfg.search_space["loss.rate"] == [0.01, 0.1, 0.5]
