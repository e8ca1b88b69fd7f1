"""Rules, trainings, features and tables of tools/analysis_tools/compare_threshold_rules.py."""

from __future__ import annotations

import importlib
import json
import runpy
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import cv2
import numpy as np
import pytest

from mmpretrain_imbalance.datasets import MultiDigits
from mmpretrain_imbalance.functional import best_thresholds
from tests.tools.run_tool import TOOLS

RNG = np.random.default_rng(0)
LABELS = (RNG.random((60, 6)) < [0.5, 0.3, 0.2, 0.1, 0.05, 0.0]).astype(np.int8)
SCORES = (RNG.random((60, 6)) * 0.7 + 0.3 * LABELS).astype(np.float32)
LABELS[RNG.random(LABELS.shape) < 0.3] = -1


@pytest.fixture(scope="module", autouse=True)
def _tools_are_importable():
    with pytest.MonkeyPatch.context() as patch:
        for folder in (TOOLS, TOOLS / "analysis_tools"):
            patch.syspath_prepend(str(folder))
        yield


@pytest.fixture
def rules() -> ModuleType:
    return importlib.import_module("_lib.threshold_rules")


@pytest.fixture
def tool() -> ModuleType:
    return importlib.import_module("compare_threshold_rules")


def f1(scores: np.ndarray, labels: np.ndarray, threshold: float) -> float:
    hits = ((scores >= threshold) & (labels == 1)).sum()
    return 2 * hits / (((scores >= threshold) & (labels != -1)).sum() + (labels == 1).sum())


def best_score(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return the highest known score with the best F1, by a plain loop."""
    tried = sorted(set(scores[labels != -1].tolist()), reverse=True)
    return max(tried, key=lambda threshold: f1(scores, labels, threshold))  # the first of equals


@pytest.mark.parametrize(("name", "shrinkage"), [("own", 0), ("values, λ = 3", 3)])
def test_values_are_shrunk_as_by_a_plain_loop(rules: ModuleType, name: str, shrinkage: int) -> None:
    overall, found = best_score(SCORES, LABELS), rules.RULES[name](SCORES, LABELS)
    for index, (scores, labels) in enumerate(zip(SCORES.T, LABELS.T)):
        n = (labels == 1).sum()
        own = best_score(scores, labels) if n else overall
        expected = (n * own + shrinkage * overall) / (n + shrinkage) if n else overall
        assert found[index] == pytest.approx(expected)


def test_midpoint_has_the_best_f1_and_the_prior_the_number_of_positives(rules: ModuleType) -> None:
    midpoints = rules.RULES["own, midpoint"](SCORES, LABELS)
    prior = rules.per_class(SCORES, LABELS, lambda c, _: rules.shrink_to_prior(c, 0, 1e9))
    for scores, labels, midpoint, threshold in zip(SCORES.T, LABELS.T, midpoints, prior):
        if (labels == 1).any():
            own = best_score(scores, labels)
            assert f1(scores, labels, midpoint) == f1(scores, labels, own)
            assert midpoint < own
            assert ((scores >= threshold) & (labels != -1)).sum() == (labels == 1).sum()


def test_default_rule_is_the_default_of_the_package(rules: ModuleType) -> None:
    expected, _ = best_thresholds(SCORES, LABELS)
    np.testing.assert_array_equal(rules.RULES[rules.DEFAULT](SCORES, LABELS), expected)


def test_logits_of_the_mean_are_between_those_of_both_thresholds(rules: ModuleType) -> None:
    of_class = rules.ClassOfValidation.of_elements(np.array([0.8, 0.1]), np.array([True, False]))
    logit = np.log(0.8 / 0.2) / 2 + np.log(0.2 / 0.8) / 2
    assert rules.shrink_logits(of_class, 0.2, 1) == pytest.approx(1 / (1 + np.exp(-logit)))
    assert rules.shrink_values_within(of_class, 0.9, 9) == 0.8


@pytest.mark.parametrize("training", ["ignore", "class weights", "CSL, half of the labels", "hardly trained"])
def test_trainings_learn_from_features(training: str) -> None:
    data, module = (importlib.import_module(f"_lib.threshold_{name}") for name in ("data", "training"))
    registry = importlib.import_module("mmengine.registry")
    registry.init_default_scope("mmpretrain")
    labels = np.tile(np.array([[1, 0], [0, 1], [0, 0]], dtype=np.int8), (40, 1))
    generator = module.torch.Generator().manual_seed(0)
    inputs = module.torch.as_tensor(labels).float().repeat(1, 100)
    inputs += module.torch.randn(inputs.shape, generator=generator)
    images = data.Images(inputs, labels)
    (scores,) = module.trained_scores(
        (module.TRAININGS | module.SMALL_TRAININGS)[training], images, [images], 0
    )
    assert scores.shape == (120, 2)
    for column, of_class in zip(scores.T, labels.T):
        assert column[of_class == 1].mean() > column[of_class == 0].mean()
    if training == "hardly trained":
        assert scores.std(axis=0).max() < 0.2
        np.testing.assert_allclose(scores.mean(), 1 / 3, atol=0.03)


def test_run_on_drawn_photographs(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    """Thumbnails, no pretrained weights; the second call trains nothing, and the fresh one other models."""
    for split, number in (("train", 140), ("test", 30)):
        lines = ["image," + ",".join(f"c{index}" for index in range(32))]
        (tmp_path / "data" / "corel5k" / "images").mkdir(parents=True, exist_ok=True)
        for image in range(number):
            labels = (RNG.random(32) < 0.3).astype(int)
            name = f"{split}{image}.png"
            pixels = np.full((20, 30, 3), 255 * labels[:3], np.uint8)
            cv2.imwrite(str(tmp_path / "data" / "corel5k" / "images" / name), pixels)
            lines.append(",".join([name, *map(str, labels)]))
        (tmp_path / "data" / "corel5k" / f"{split}.csv").write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(tool, "NUM_VALIDATION", (8, 12))
    args = SimpleNamespace(
        sets=["corel5k", "clothing_attributes"], data=tmp_path / "data", weights=None, backbone="any"
    )
    args.fresh = False
    args.seeds, args.work_dir = 2, tmp_path / "work"
    tool.main(None, args)
    printed = capsys.readouterr().out
    assert "clothing_attributes is left out, because" in printed
    assert printed.count("training: corel5k") == 12  # 2 seeds of 3 trainings and 3 small trainings
    first = (tmp_path / "work" / "results.md").read_text()
    assert "| corel5k, 8 | corel5k, 12 | 128 photographs: trained |" in first
    tool.main(None, args)
    assert "training:" not in capsys.readouterr().out
    assert (tmp_path / "work" / "results.md").read_text() == first
    args.fresh = True
    tool.main(None, args)
    assert capsys.readouterr().out.count("training: corel5k") == 12
    assert (tmp_path / "work" / "results.md").read_text() == first
    rows = json.loads((tmp_path / "work" / "fresh" / "results.json").read_text())
    assert {row["seed"] for row in rows} == {5, 6}
    assert list(dict.fromkeys(row["rule"] for row in rows)) == list(tool.CONFIRMED)


@pytest.mark.parametrize("fresh", [False, True])
def test_test_photographs_are_not_used_otherwise(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, fresh: bool
) -> None:
    monkeypatch.setattr(tool, "NUM_VALIDATION", (4, 20))
    rows = {"train": np.arange(200), "test": np.arange(200, 230)}

    def numbered(folder: Path, split: str, *_: object) -> object:
        labels = np.zeros((len(rows[split]), 32), np.int8)
        return tool.Images(tool.torch.as_tensor(rows[split]), labels)

    monkeypatch.setattr(tool, "photographs", numbered)
    args = SimpleNamespace(fresh=fresh, weights=None, data=Path(), work_dir=Path())
    sets = tool.photograph_sets("corel5k", args)
    tests = set()
    for seed in (5, 6):
        train, validation, test = (set(part.inputs.tolist()) for part in tool.photograph_parts(*sets, seed))
        assert len(validation) == 20
        assert len(test) == (50 if fresh else 30)
        assert not train & validation
        assert (train | validation, test) == (set(range(200 if fresh else 230)) - test, test)
        assert (max(test) < 200) == fresh
        few = [set(part.inputs.tolist()) for part in tool.small_parts(*sets, seed)]
        assert list(map(len, few)) == [96, 32, len(test)]
        assert not few[0] & few[1]
        assert not (few[0] | few[1]) & test
        tests.add(frozenset(test))
    assert len(tests) == 1


def test_fresh_digits_were_not_tested_before(tool: ModuleType) -> None:
    digits = []
    parts = tool.digit_parts(5, fresh=True)
    for part, split, number in zip(parts, ("train", "test", "val"), (2000, 400, 1000)):
        dataset = MultiDigits(split, number, seed=5)
        dataset.full_init()
        np.testing.assert_array_equal((part.inputs * 65 + 33).round()[:, 0], dataset.images)
        digits.append(set(dataset.digits.flat) - {-1})
    assert min(map(len, digits)) > 290
    assert not digits[2] & (digits[0] | digits[1])


def test_canvases_of_fresh_seeds_are_others(tool: ModuleType) -> None:
    earlier, fresh = (
        {canvas.tobytes() for seed in seeds for canvas in tool.digit_parts(seed, new)[2].inputs.numpy()}
        for seeds, new in (((0, 4), False), ((5, 9), True))
    )
    assert min(len(earlier), len(fresh)) > 1990
    assert not earlier & fresh


def test_tables_show_means_and_paired_differences(tool: ModuleType, rules: ModuleType) -> None:
    values = {
        "0.5": (10, 20),
        rules.PREVIOUS: (30, 50),
        rules.OWN_PRIOR: (34, 54),
        rules.DEFAULT: (33, 55),
    }
    rows = [
        dict(data="digits", setting="ignore", seed=seed, images=images, rule=rule, CF1=1.0, OF1=2.0)
        | dict(macro_f1=factor * values.get(rule, (0, 0))[seed])
        for images, factor in ((30, 1), (100, 2))
        for rule in rules.RULES
        for seed in (0, 1)
    ]
    assert f"| {rules.DEFAULT} | **44.0** | **88.0** | **66.0** | **1.0** | **2.0** |" in tool.rules_table(
        rows
    )
    lines = tool.settings_table(rows).splitlines()
    assert lines[2].endswith("| default | default minus previous | default minus own prior, λ = 3 |")
    assert lines[4] == "| digits, 30 | 15.0 ± 7.1 | 40.0 ± 14.1 | 44.0 ± 15.6 | +4.0 ± 1.4 | +0.0 ± 1.4 |"
    assert lines[6] == "| mean | 22.5 ± 10.6 | 60.0 ± 21.2 | 66.0 ± 23.3 | +6.0 ± 2.1 | +0.0 ± 2.1 |"


def test_without_any_data_set_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    command = ["compare_threshold_rules.py", "--sets", "corel5k", "--data", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(TOOLS / "analysis_tools" / "compare_threshold_rules.py"), run_name="__main__")
    assert ended.value.code == 1
    found = capsys.readouterr()
    assert "corel5k is left out" in found.out
    assert "No data set was found" in found.err
