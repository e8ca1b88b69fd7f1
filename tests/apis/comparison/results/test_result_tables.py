from __future__ import annotations

from mmpretrain_imbalance.apis.comparison.results.result_tables import TableCell, result_tables
from tests.apis.comparison.results.summaries import method, setting, statistics, summary, three_methods


def test_the_table_of_a_setting() -> None:
    bce = method("bce", statistics(0.512, 0.012, best=False), AUROC=statistics(0.9))
    plm = method("plm", statistics(0.734, 0.004, "better", True), AUROC=statistics(None))
    (table,) = result_tables(summary(setting(bce, plm)))
    assert table.title == "digits, as_annotated"
    assert table.headings == ["method", "mAP", "AUROC"]
    assert table.rows == [
        [TableCell("plm"), TableCell("73.4", "0.4", "better", True), TableCell("-")],
        [TableCell("bce (yardstick)"), TableCell("51.2", "1.2"), TableCell("90.0", "1.0")],
    ]
    assert table.caption == [
        "Percent, mean ± standard deviation over 2 seeds, 1,797 test images.",
        "All methods have their default values (one trial).",
    ]
    assert table.notes == [
        "↑ better, ↓ worse than bce: p at most 0.05 after Holm's correction for 1 comparison.",
        "Bold: the method with the best mean, and all that cannot be distinguished from it.",
        "No test: AUROC.",
    ]


def test_the_table_says_that_seeds_are_folds() -> None:
    bce = method("bce", statistics(0.512, 0.012))
    plm = method("plm", statistics(0.734, 0.004, "better"))
    (table,) = result_tables({**summary(setting(bce, plm)), "num_folds": 5})
    assert "± standard deviation over 2 folds of a cross-validation with 5 folds, 1" in table.caption[0]
    assert any("Nadeau and Bengio" in note for note in table.notes)
    bce["seeds"] = plm["seeds"] = [0]
    (table,) = result_tables({**summary(setting(bce, plm)), "num_folds": 5})
    assert not any("Nadeau and Bengio" in note for note in table.notes)


def test_the_budget_for_tuning_is_stated() -> None:
    bce, plm = method("bce", statistics(0.5), trials=8), method("plm", statistics(0.6), trials=8)
    (table,) = result_tables(summary(setting(bce, plm)))
    assert "Each method has 8 trials" in table.caption[1]
    plm = method("plm", statistics(0.6), trials=3)
    (table,) = result_tables(summary(setting(bce, plm)))
    assert table.headings[-1] == "trials"
    assert [row[-1].text for row in table.rows] == ["3", "8"]


def test_chosen_values_have_their_table() -> None:
    plm = method("plm", statistics(0.6), trials=8)
    plm["chosen"][1]["values"] = {"loss.gamma": 2, "learning_rate": 3.0}
    _, table = result_tables(summary(setting(method("bce", statistics(0.5)), plm)))
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["plm", "0", "default values"],
        ["plm", "1", "loss.gamma = 2, learning_rate = 3.0"],
        ["bce", "0, 1", "default values"],
    ]


def test_one_seed_says_what_was_not_measured() -> None:
    bce, plm = method("bce", statistics(0.5, None)), method("plm", statistics(0.6, None, "better", True))
    for item in (bce, plm):
        item["seeds"] = [0]
    (table,) = result_tables(summary(setting(bce, plm)))
    assert table.caption[0] == "Percent, one seed, 1,797 test images."
    assert table.rows[0][1] == TableCell("60.0", "", "better", True)
    assert any(
        note.startswith("The variation between trainings was not measured, because there is only one seed: m")
        for note in table.notes
    )


def test_missing_results_are_listed() -> None:
    runs = [
        {"method": "hill", "seed": 0, "reason": "out of\nmemory"},
        {"method": "hill", "seed": 1, "reason": "out of\nmemory"},
        {"method": "plm", "seed": 1, "reason": "not started"},
    ]
    plm = method("plm", statistics(0.6))
    plm["seeds"] = [0]
    bce = method("bce", statistics(0.5))
    first, second = result_tables(
        summary(setting(bce, plm, unfinished=runs), setting(unfinished=runs[:1], name="rps"))
    )
    assert first.rows[0][0].text == "plm (1 of 2 seeds)"
    assert first.missing == [
        "No result: hill, seeds 0, 1 (out of memory).",
        "No result: plm, seed 1 (not started).",
    ]
    assert (second.rows, second.caption, second.notes) == ([], [], [])
    assert second.missing == ["No result: hill, seed 0 (out of memory)."]


def test_a_setting_without_the_yardstick_says_so() -> None:
    (table,) = result_tables(summary(setting(method("plm", statistics(0.6)))))
    assert table.notes == ["The yardstick bce has no results here."]


def test_the_table_of_ranks() -> None:
    """The critical difference of 3 methods in 2 blocks is 2.34: all methods are one group."""
    settings = [three_methods("a", 0.5, 0.6, 0.7), three_methods("b", 0.7, 0.8, 0.75)]
    table = result_tables(summary(*settings))[-1]
    assert table.headings == ["method", "mAP"]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["csl", "1.50"],
        ["plm", "1.50"],
        ["bce", "3.00"],
    ]
    assert all(row[1].is_best for row in table.rows)
    assert table.caption == ["Mean ranks over 2 pairs of data and setting; 1 is the best."]
    assert table.notes[1:] == ["Critical difference: 2.34.", "Friedman's test: mAP p = 0.22."]
