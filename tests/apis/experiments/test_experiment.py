"""Experiments: shipped files, errors in files, variants of methods, and the search for base configs."""

from __future__ import annotations

from pathlib import Path

import pytest
from mmengine.config import Config

from mmpretrain_imbalance.apis.comparison.compared_method import method_variant, read_method
from mmpretrain_imbalance.apis.comparison.compared_setting import read_setting
from mmpretrain_imbalance.apis.comparison.comparison_schedule import search_space
from mmpretrain_imbalance.apis.experiments.base_configs import find_base_configs
from mmpretrain_imbalance.apis.experiments.experiment import read_experiment

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = sorted(path.stem for path in (ROOT / "configs" / "_base_" / "experiments").glob("*.py"))
TEXT = """
title = 'Own'
description = 'A comparison.'
data = dict(own=['rps:0.5'], digits_all_known=['as_annotated'])
methods = ['large_loss', 'weak']
_values = {'loss.delta': 0.1}
_of_data = dict(own={'loss.scheme': 'temporary'})
variants = dict(weak=dict(method='large_loss', values=_values, values_of_data=_of_data))
yardstick = 'large_loss'
num_seeds = 2
num_trials = 1
"""


@pytest.fixture
def own(tmp_path: Path):
    def write(old: str = "", new: str = ""):
        assert old in TEXT
        (tmp_path / "own.py").write_text(TEXT.replace(old, new) if old else TEXT)
        return read_experiment(tmp_path / "own.py")

    return write


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_experiment_can_be_run(name: str) -> None:
    experiment = read_experiment(name)
    # A paired interval needs several seeds; one run of fine_tuning takes most of an hour on a CPU.
    assert experiment.num_seeds >= (1 if name == "fine_tuning" else 3)
    assert len(set(experiment.methods)) == len(experiment.methods)
    assert set(experiment.variants) <= set(experiment.methods)
    for data, settings in experiment.data.items():
        assert len({read_setting(setting).name for setting in settings}) == len(settings)
        for method in experiment.compared_methods(data):
            search_space(method)
    assert experiment.command == f"python tools/run_experiment.py {name}"


def test_shipped_experiments_have_different_titles() -> None:
    assert len(SHIPPED) >= 4
    assert len({read_experiment(name).title for name in SHIPPED}) == len(SHIPPED)


def test_a_variant_has_the_values_of_its_data(own) -> None:
    experiment = own()
    assert [method.name for method in experiment.compared_methods("own")] == ["large_loss", "weak"]
    (weak,) = experiment.compared_methods("own", ["weak"])
    assert weak.values == {"loss.delta": 0.1, "loss.scheme": "temporary"}
    (weak,) = experiment.compared_methods("digits_all_known", ["weak"])
    assert weak.values == {"loss.delta": 0.1}
    assert weak.parts == read_method("large_loss").parts
    assert weak.is_shipped


def test_trials_do_not_change_the_values_of_a_variant() -> None:
    method = read_method("asymmetric_pseudo_label_loss")
    variant = method_variant("own", method, {"loss.alpha": 0.7})
    assert set(method.search_space) - set(variant.search_space) == {"loss.alpha"}
    assert read_method(variant) is variant


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "title = 'Own'",
            "",
            r"own.py: expected the names title, .* num_trials and perhaps .*, found no 'title'",
        ),
        ("title = 'Own'", "title = heading = 'Own'", "found 'heading'"),
        (
            "yardstick = 'large_loss'",
            "yardstick = 'bce'",
            "'yardstick' one of the methods large_loss, weak, found",
        ),
        ("num_seeds = 2", "num_seeds = 2\npriors = ['csl']", "expected in 'priors' one of the methods"),
        (
            "num_seeds = 2",
            "num_seeds = 2\nfigures = ['bars']",
            "expected 'figures' of curves, .*, found 'bars'",
        ),
        (
            "num_seeds = 2",
            "num_seeds = 2\nnum_trials_of_data = dict(photos=1)",
            "expected in 'num_trials_of_data' data sets of 'data', own, digits_all_known, found 'photos'",
        ),
    ],
)
def test_errors_in_a_file_are_named(own, old: str, new: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        own(old, new)


def test_a_missing_experiment_lists_the_others() -> None:
    with pytest.raises(
        FileNotFoundError, match=rf"must be one of {', '.join(SHIPPED)}, or .* Got 'no' instead"
    ):
        read_experiment("no")


def test_a_variant_has_the_hooks_of_its_method_and_its_own(own) -> None:
    hooked = "weak=dict(method='soft_label_loss', hooks=[dict(type='RefitHeadHook')])"
    experiment = own("weak=dict(method='large_loss', values=_values, values_of_data=_of_data)", hooked)
    (variant,) = experiment.compared_methods("own", ["weak"])
    plain = read_method("soft_label_loss")
    assert [hook["type"] for hook in plain.parts["hooks"]] == ["SoftLabelsHook"]
    assert [hook["type"] for hook in variant.parts["hooks"]] == ["SoftLabelsHook", "RefitHeadHook"]
    assert variant.parts["loss"] == plain.parts["loss"]


def test_base_configs_are_found_or_given(own, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    experiment = own()
    digits = ROOT / "configs" / "_base_" / "protocols" / "digits_all_known.py"
    assert find_base_configs(experiment, tmp_path) == {"digits_all_known": digits}
    features = tmp_path / "features" / "own" / "config.py"
    features.parent.mkdir(parents=True)
    features.touch()
    assert list(find_base_configs(experiment, tmp_path)) == ["own", "digits_all_known"]
    assert find_base_configs(experiment, tmp_path, [features]) == {"own": features}
    with pytest.raises(ValueError, match=r"names of data sets of the experiment, own, digits_all_known. Got"):
        find_base_configs(experiment, tmp_path, ["digits_half_known.py"])
    features.unlink()
    only = own(", digits_all_known=['as_annotated']", "")
    with pytest.raises(FileNotFoundError, match=r"such as features/own/config.py in this folder"):
        find_base_configs(only, tmp_path)


MADE = "base_configs = dict(own=dict(config='digits_all_known', values={'train_cfg.max_epochs': 3}))"


def test_a_base_config_is_made_of_a_protocol(own, tmp_path: Path) -> None:
    experiment = own("num_seeds = 2", f"num_seeds = 2\n{MADE}")
    found = find_base_configs(experiment, tmp_path / "made")
    assert list(found) == ["own", "digits_all_known"]
    assert find_base_configs(experiment, tmp_path / "made", ["own"]) == {"own": found["own"]}
    made, protocol = (Config.fromfile(path).to_dict() for path in found.values())
    assert made["train_cfg"].pop("max_epochs") == 3 != protocol["train_cfg"].pop("max_epochs")
    assert made == protocol


def test_errors_of_a_base_config_are_named(own, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected in 'base_configs' data sets of 'data', own, .*'other'"):
        own("num_seeds = 2", "num_seeds = 2\nbase_configs = dict(other=dict(config='x', values={}))")
    with pytest.raises(ValueError, match=r"a dict with 'config' and 'values', found .* for 'own'"):
        own("num_seeds = 2", "num_seeds = 2\nbase_configs = dict(own=dict(values={}))")
    experiment = own("num_seeds = 2", f"num_seeds = 2\n{MADE.replace('all_known', 'unknown')}")
    with pytest.raises(ValueError, match=r"names of protocols, .* Got 'digits_unknown' for 'own' instead"):
        find_base_configs(experiment, tmp_path)
    wrong = MADE.replace("train_cfg.max_epochs", "val_evaluator.7.type")
    experiment = own("num_seeds = 2", f"num_seeds = 2\n{wrong}")
    with pytest.raises(ValueError, match=r"dotted keys of the protocol 'digits_all_known'. Got .* 'own'"):
        find_base_configs(experiment, tmp_path)
