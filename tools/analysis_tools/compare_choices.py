"""Compare the choice of a method by cross-validation on known labels with the results on the test set.

Both folders are those of tools/compare_methods.py with the same base configs, methods and settings: the first
one with --folds, the second one with the test set of the config. The regret of a choice is the value of the
best method on the test set minus that of the chosen one. 'advice' is the method that the label counts alone
suggest, by the rules of docs/which_method.md.

Example:
    python tools/compare_methods.py my_data.py --settings rps:0.5 --folds 5 --seeds 5 --work-dir folds
    python tools/compare_methods.py my_data.py --settings rps:0.5 --seeds 5 --work-dir test
    python tools/analysis_tools/compare_choices.py folds test --out choices.md
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the folder of _lib

from _lib.command_options import add_traceback_option
from _lib.quiet_import import import_mmpretrain


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folds", type=Path, help="work folder of the cross-validation")
    parser.add_argument("test", type=Path, help="work folder of the comparison on the test set")
    parser.add_argument(
        "--metrics",
        nargs="+",
        default=["mAP", "macro_f1_chosen"],
        help="metrics to choose by and to measure (default: mAP macro_f1_chosen)",
    )
    parser.add_argument(
        "--always",
        default="statistics_balanced_loss",
        metavar="METHOD",
        help="method that is always taken, for comparison (default: statistics_balanced_loss, class weights)",
    )
    parser.add_argument(
        "-o", "--out", type=Path, help="Markdown file of the tables, which must not exist yet"
    )
    add_traceback_option(parser)
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

from _lib.input_errors import explain_input_errors

from mmpretrain_imbalance.apis.comparison.data_parts import read_data_parts
from mmpretrain_imbalance.apis.comparison.results.choose_method import RULES, regrets
from mmpretrain_imbalance.apis.comparison.results.compared_metrics import compared_metric
from mmpretrain_imbalance.apis.comparison.results.method_ranking import read_results
from mmpretrain_imbalance.functional.method_advice import advise_by_figures
from mmpretrain_imbalance.utils.files import atomic_write
from mmpretrain_imbalance.utils.printable import PrintableConsole


def main(args: argparse.Namespace) -> None:
    """Print the tables, and write them if there is a file."""
    if args.out is not None and args.out.exists():
        raise ValueError(
            "The '--out' argument of compare_choices.py must be the path of a new file. Got "
            f"{str(args.out)!r} instead, which exists already."
        )
    folds, test = read_results(args.folds), read_results(args.test)
    advice = advised_methods(args.folds, folds)
    text = "\n".join(choice_table(folds, test, metric, args.always, advice) for metric in args.metrics)
    if args.out is not None:
        with atomic_write(args.out) as file:
            file.write(text)
    PrintableConsole(markup=False, emoji=False, soft_wrap=True, highlight=False).print(text)


def advised_methods(work_dir: Path, results: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Return the method that the label counts suggest, by data and setting.

    Args:
        work_dir: Work folder of the cross-validation. Without its parts, there is no advice.
        results: Content of its ``results.json``.
    """
    found = {}
    for setting in results["settings"]:
        data, name = setting["data"], setting["setting"]
        folder = work_dir / "parts" / data / name / "seed_0"
        if (folder / "labels.json").is_file():
            found[data, name] = advise_by_figures(read_data_parts(folder).figures).method
    return found


def choice_table(
    folds: Mapping[str, Any],
    test: Mapping[str, Any],
    metric: str,
    always: str,
    advice: Mapping[tuple[str, str], str],
) -> str:
    """Return the Markdown table of the regrets in one metric.

    Args:
        folds: Content of ``results.json`` of the cross-validation.
        test: Content of ``results.json`` of the test set.
        metric: Name of the metric.
        always: Name of the method that is always taken.
        advice: Method that the label counts suggest, by data and setting.
    """
    heading, yardstick = compared_metric(metric, "compare_choices").heading, folds["yardstick"]
    measured = {(setting["data"], setting["setting"]): setting for setting in test["settings"]}
    columns = [*RULES, "advice", f"always {yardstick}", f"always {always}", "random"]
    rows, lines = [], []
    for setting in folds["settings"]:
        key = (setting["data"], setting["setting"])
        found = regrets(setting, measured[key], yardstick, metric) if key in measured else None
        if found is None:
            continue
        chosen = [*found["choices"].values(), advice.get(key), yardstick, always]
        rows.append([*(found["regret"].get(name, math.nan) for name in chosen), found["random"]])
        cells = [_points(value) for value in rows[-1]]
        cells[: len(RULES) + 1] = [
            f"{cell} ({name})" if cell != "-" else cell for cell, name in zip(cells, chosen[: len(RULES) + 1])
        ]
        correlation = "-" if math.isnan(found["spearman"]) else f"{found['spearman']:.2f}"
        lines.append(f"| {' | '.join([*key, found['best'], *cells, correlation])} |")
    if not rows:
        raise ValueError(
            "The 'folds' and 'test' arguments must be comparisons of the same data, settings and methods. "
            f"Got no data and setting with {metric} of at least two methods in both instead."
        )
    means = [_points(fmean(column)) for column in zip(*rows)]
    return "\n".join(
        [
            f"**Regret in {heading}, percentage points, of a choice by {heading}**",
            "",
            f"| data | setting | best on the test set | {' | '.join(columns)} | rank correlation |",
            "| --- | --- | --- |" + " ---: |" * (len(columns) + 1),
            *lines,
            f"| mean | | | {' | '.join(means)} | |",
            "",
        ]
    )


def _points(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.1f}"


if __name__ == "__main__":
    with explain_input_errors(PARSER, ARGS.traceback):
        main(ARGS)
