"""Options and output of tools/recommend_method.py; the trainings are replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

import mmpretrain_imbalance.apis as apis
from mmpretrain_imbalance.apis import MethodRecommendation
from mmpretrain_imbalance.apis.comparison.results.comparison_results import ComparisonResults
from tests.apis.comparison.results.summaries import method as compared
from tests.apis.comparison.results.summaries import setting, statistics, summary

TOOL = "recommend_method.py"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "config.py").write_text("model = dict()")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "photos"


@pytest.fixture
def recommended(monkeypatch: pytest.MonkeyPatch):
    """Replace the recommendation by a given one, and return the arguments that it gets."""

    def replace(method: str, verdict: str | None, *rounds: str) -> dict:
        columns = (statistics(0.5), statistics(0.6, verdict="worse"), statistics(0.7, 0.02, "better"))
        methods = [
            compared(name, values, macro_f1_chosen=values)
            for name, values in zip(("bce", "plm", "csl"), columns)
        ]
        unfinished = [dict(method="hill", seed=2, reason="the loss is NaN")]
        results = ComparisonResults(summary(setting(*methods, unfinished=unfinished)), [])
        seen: dict = {}

        def recommend(config, work_dir, *, on_round, **arguments):
            seen.update(arguments, config=config, work_dir=work_dir)
            for name in rounds:
                on_round(name, 6)
            path = Path("my work") / f"{method}.py"
            return MethodRecommendation(method, "bce", verdict, {name: results for name in rounds}, path)

        monkeypatch.setattr(apis, "recommend_method", recommend)
        return seen

    return replace


def test_options_are_passed_on_and_rankings_are_printed(run_in_process, project, recommended, capsys):
    seen = recommended("csl", "better", "features", "training")
    run_in_process(
        TOOL, "photos", "--methods", "HillLoss", "my.py", "--folds", "4",
        "--repetitions", "2", "--finalists", "1", "--final-folds", "2", "--checkpoint", "a.pth",
        "--jobs", "1", "--no-features", "--cfg-options", "train_cfg.max_epochs=3",
    )  # fmt: skip
    assert seen == dict(
        config=Path("photos/config.py"),
        work_dir=Path("work_dirs/recommend_photos"),
        methods=["HillLoss", "my.py"],
        num_folds=4,
        num_repetitions=2,
        num_finalists=1,
        num_final_folds=2,
        checkpoint="a.pth",
        use_features=False,
        cfg_options={"train_cfg.max_epochs": 3},
        num_jobs=1,
        devices=["cpu"],
    )
    printed = capsys.readouterr().out
    assert "A linear head on the features of the pretrained backbone: 6 trainings" in printed
    lines = [[cell.strip() for cell in line.split("│")] for line in printed.splitlines() if "│" in line]
    assert lines[:3] == [
        ["csl", "70.0 ± 2.0", "2", "+10.0 [+5.0, +15.0]", "better"],
        ["plm", "60.0 ± 1.0", "2", "+10.0 [+5.0, +15.0]", "worse"],
        ["bce", "50.0 ± 1.0", "2", "", ""],
    ]
    assert len(lines) == 6
    assert "Without result: hill, fold 2: the loss is NaN" in printed
    assert "All metrics: work_dirs/recommend_photos/training_round/results.md" in printed
    assert "Recommended: csl. Its mAP is better than that of bce, beyond the variation" in printed
    assert printed.endswith("Train it: python tools/train.py 'my work/csl.py'\n")


@pytest.mark.parametrize(
    ("method", "verdict", "reason"),
    [
        ("bce", None, "It is the yardstick, and no other method has a better mAP."),
        ("csl", "not distinguishable", "no method is known to beat the yardstick."),
        ("csl", None, "It has the best mAP; its difference from bce could not be tested."),
    ],
)
def test_the_reason_is_printed(run_in_process, project, recommended, capsys, method, verdict, reason):
    seen = recommended(method, verdict, "features")
    run_in_process(TOOL, "photos/config.py", "--work-dir", "here")
    printed = capsys.readouterr().out
    assert reason in printed
    assert "The data are features, so no whole model was trained." in printed
    assert seen["work_dir"] == Path("here")
    assert seen["methods"][0] == "binary_cross_entropy"
    assert seen["use_features"]


def test_wrong_input_is_explained(error_message, project):
    message = error_message(TOOL, "nowhere")
    assert "The 'config' argument of recommend_method must be a config file, or a folder" in message
