"""Planned runs and printed tables of tools/compare_methods.py."""

import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture(autouse=True)
def tools_on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] in {"_lib", "compare_methods"}]:
        del sys.modules[name]


def test_every_compared_config_is_shipped():
    from _lib.compared_methods import METHODS, SETTINGS

    missing = [m.config for m in METHODS.values() if not (TOOLS.parent / "configs" / m.config).is_file()]
    assert missing == []
    assert {method for setting in SETTINGS.values() for method in setting.methods} == set(METHODS)


def test_a_run_that_needs_a_prior_adds_the_run_that_estimates_it():
    from _lib.compared_methods import planned_runs

    runs = planned_runs(["rps50"], ["csl"], 2, "")
    assert [(run.seed, run.method, run.prior_from) for run in runs] == [
        (0, "ignore", None),
        (0, "csl", "ignore"),
        (1, "ignore", None),
        (1, "csl", "ignore"),
    ]


def test_positives_only_need_no_prior():
    from _lib.compared_methods import planned_runs

    (run,) = planned_runs(["single"], ["csl"], 1, "")
    assert run.prior_from is None
    assert run.options["model.head.loss.prior_threshold"] is None
    assert run.options["train_dataloader.dataset"]["protocol"] == "single_positive"


def test_options_are_set_in_the_config():
    from _lib.compared_methods import planned_runs
    from _lib.demo_training import CONFIGS, set_option
    from mmengine.config import Config

    (run,) = planned_runs(["full"], ["plm"], 1, "elsewhere")
    cfg = Config.fromfile(CONFIGS / run.config)
    for name, value in run.options.items():
        set_option(cfg, name, value)
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        assert loader.dataset.data_root == "elsewhere"
    assert cfg.train_dataloader.batch_size == 64


def test_the_table_has_the_best_method_first_and_the_best_of_each_column_in_bold():
    from compare_methods import markdown_table

    rows = [
        dict(
            setting="full",
            method=method,
            seed=seed,
            mAP=value + seed / 100,
            mAP_rarest=0.5,
            macro_f1=1 - value,
            f1_rarest=0,
        )
        for method, value in (("bce", 0.5), ("plm", 0.7))
        for seed in (0, 2)
    ]
    title, _, header, _, first, second, _ = markdown_table(rows, "full").split("\n")
    assert title == "**All labels known; percent, mean ± standard deviation over 2 seeds**"
    assert header == "| method | mAP | mAP of the 3 rarest | macro F1 | F1 of the 3 rarest |"
    assert first == "| plm | **71.0 ± 1.4** | **50.0 ± 0.0** | 30.0 ± 0.0 | **0.0 ± 0.0** |"
    assert second == "| bce | 51.0 ± 1.4 | **50.0 ± 0.0** | **50.0 ± 0.0** | **0.0 ± 0.0** |"


def test_tables_contain_only_methods_with_all_seeds(tmp_path):
    from _lib.compared_methods import planned_runs
    from compare_methods import finished_rows, result_file

    runs = planned_runs(["full"], ["bce", "plm"], 2, "")
    for run in runs:
        if (run.method, run.seed) != ("plm", 1):
            result_file(run, tmp_path).parent.mkdir(parents=True)
            result_file(run, tmp_path).write_text('{"mAP": 0.5}')
    rows = finished_rows(runs, tmp_path, 2)
    assert [(row["method"], row["seed"], row["mAP"]) for row in rows] == [("bce", 0, 0.5), ("bce", 1, 0.5)]
