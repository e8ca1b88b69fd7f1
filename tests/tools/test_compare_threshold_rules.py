"""Rules, trainings, features and tables of tools/analysis_tools/compare_threshold_rules.py."""

from __future__ import annotations

import importlib
import runpy
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import cv2
import numpy as np
import pytest

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
    """Thumbnails, no pretrained weights; the second call trains nothing, and digits are not asked for."""
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


def test_tables_show_means_and_paired_differences(tool: ModuleType, rules: ModuleType) -> None:
    values = {"0.5": (10, 20), rules.PREVIOUS: (30, 50), rules.DEFAULT: (33, 55)}
    rows = [
        dict(data="digits", setting="ignore", seed=seed, images=30, rule=rule, CF1=1.0, OF1=2.0)
        | dict(macro_f1=values.get(rule, (0, 0))[seed])
        for rule in rules.RULES
        for seed in (0, 1)
    ]
    assert f"| {rules.DEFAULT} | **44.0** | **44.0** | **1.0** | **2.0** |" in tool.rules_table(rows)
    line = tool.settings_table(rows).splitlines()[-1]
    assert line == "| digits, 30 | 15.0 ± 7.1 | 40.0 ± 14.1 | 44.0 ± 15.6 | +4.0 ± 1.4 |"


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
