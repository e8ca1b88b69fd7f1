"""Tables with the data sets of all experiments side by side, against a table written by hand."""

from __future__ import annotations

from typing import Any

from mmpretrain_imbalance.apis.experiments.side_by_side import side_by_side_tables


def content(yardstick: str, *cells: dict[str, Any]) -> dict[str, Any]:
    return {"yardstick": yardstick, "cells": list(cells)}


def cell(data: str, setting: str, num_seeds: int = 3, **means: Any) -> dict[str, Any]:
    """Return a cell; the value of a method is its mean in percent, or that with a verdict."""
    methods = []
    for name, value in means.items():
        mean, *verdict = value if isinstance(value, tuple) else (value,)
        metric = {"mean": mean / 100, **({"verdict": verdict[0]} if verdict else {})}
        methods.append({"method": name, "seeds": list(range(num_seeds)), "metrics": {"mAP": metric}})
    return {"data": data, "setting": setting, "methods": methods}


def test_differences_from_the_yardstick_of_each_experiment() -> None:
    first = content(
        "bce",
        cell("photos", "rps_0.5", plm=(50, "not distinguishable"), bce=52, csl=(55, "better"), only_here=9),
        cell("photos", "rps_0.95", plm=1, bce=2),
    )
    second = content(
        "bce",
        cell("photos", "rps_0.5", num_seeds=5, bce=40, plm=(30, "worse")),
        cell("digits", "rps_0.5", bce=80, csl=(79, "not distinguishable")),
    )
    tables = side_by_side_tables([first, second], "mAP")
    assert list(tables) == ["Half of the labels known, at random, against bce"]
    assert tables["Half of the labels known, at random, against bce"].splitlines() == [
        "| method | photos | digits |",
        "| --- | ---: | ---: |",
        "| bce | 40.0 | 80.0 |",
        "| csl | +3.0 ↑ | -1.0 |",
    ]


def test_numbers_of_labels_are_columns() -> None:
    found = content(
        "bce", cell("photos", "fpc_5", bce=10, csl=12), cell("photos", "fpc_20", bce=20, csl=(19, "worse"))
    )
    (table,) = side_by_side_tables([found], "mAP").values()
    assert table.splitlines()[0] == "| method | photos, 5 | photos, 20 |"
    assert table.splitlines()[3] == "| csl | +2.0 | -1.0 ↓ |"


def test_experiments_with_other_yardsticks_have_tables_of_their_own() -> None:
    """A verdict is about the yardstick of its experiment, so that another table must not have it."""
    first, second = (
        content(
            yardstick,
            *(
                cell(data, "single_positive", seeds, bce=30, csl=(33, "better"), an=(32, verdict))
                for data in ("photos", "digits")
            ),
        )
        for yardstick, seeds, verdict in (("bce", 3, "better"), ("an", 5, None))
    )
    tables = side_by_side_tables([first, second], "mAP")
    title = "One positive of each image known, nothing else, against "
    assert list(tables) == [f"{title}bce", f"{title}an"]
    assert tables[f"{title}bce"].splitlines()[2:] == [
        "| bce | 30.0 | 30.0 |",
        "| csl | +3.0 ↑ | +3.0 ↑ |",
        "| an | +2.0 ↑ | +2.0 ↑ |",
    ]
    assert tables[f"{title}an"].splitlines()[2:] == [
        "| an | 32.0 | 32.0 |",
        "| bce | -2.0 | -2.0 |",
        "| csl | +1.0 ↑ | +1.0 ↑ |",
    ]


def test_no_table_without_two_methods_in_two_columns() -> None:
    alone = content("bce", cell("photos", "as_annotated", bce=10, csl=12))
    lengths = content("bce", cell("short", "as_annotated", bce=10), cell("long", "as_annotated", bce=11))
    assert side_by_side_tables([alone, lengths], "mAP") == {}
    assert side_by_side_tables([content("bce", cell("photos", "fpc_5", csl=12))], "mAP") == {}
    assert side_by_side_tables([alone], "macro_f1") == {}
