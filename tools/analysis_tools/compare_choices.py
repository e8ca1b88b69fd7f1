"""Compare the choice of a method by cross-validation on known labels with the results on the test set.

Both folders are those of tools/compare_methods.py with the same base configs, methods and settings: the first
one with --folds, the second one with the test set of the config. The regret of a choice is the value of the
best method on the test set minus that of the chosen one.

Example:
    python tools/compare_methods.py my_data.py --settings rps:0.5 --folds 5 --seeds 5 --work-dir
    work_dirs/folds python tools/compare_methods.py my_data.py --settings rps:0.5 --work-dir work_dirs/test
    python tools/analysis_tools/compare_choices.py work_dirs/folds work_dirs/test --out work_dirs/choices.md
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

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
        help="method that is always taken, for comparison (default: statistics_balanced_loss, class weights)",
    )
    parser.add_argument("-o", "--out", type=Path, help="Markdown file of the tables")
    add_traceback_option(parser)
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

from _lib.input_errors import explain_input_errors
from rich.console import Console
from rich.markdown import Markdown

from mmpretrain_imbalance.apis.comparison.results.choose_method import RULES, regrets
from mmpretrain_imbalance.apis.comparison.results.compared_metrics import compared_metric
from mmpretrain_imbalance.apis.comparison.results.method_ranking import read_results
from mmpretrain_imbalance.utils.files import atomic_write


def main(args: argparse.Namespace) -> None:
    """Print the tables, and write them if there is a file."""
    folds, test = read_results(args.folds), read_results(args.test)
    text = "\n".join(choice_table(folds, test, metric, args.always) for metric in args.metrics)
    if args.out is not None:
        with atomic_write(args.out) as file:
            file.write(text)
    Console().print(Markdown(text))


def choice_table(folds: dict, test: dict, metric: str, always: str) -> str:
    """Return the Markdown table of the regrets in one metric.

    Args:
        folds: Content of ``results.json`` of the cross-validation.
        test: Content of ``results.json`` of the test set.
        metric: Name of the metric.
        always: Name of the method that is always taken.
    """
    heading = compared_metric(metric, "compare_choices").heading
    measured = {(setting["data"], setting["setting"]): setting for setting in test["settings"]}
    yardstick = folds["yardstick"]
    columns = [*RULES, "yardstick", always, "random"]
    lines = [
        f"**Regret in {heading}, points, of a choice by {heading} in the cross-validation**",
        "",
        f"| data | setting | best on the test set | {' | '.join(columns)} | rank correlation |",
        "| --- | --- | --- |" + " ---: |" * (len(columns) + 1),
    ]
    rows = []
    for setting in folds["settings"]:
        key = (setting["data"], setting["setting"])
        found = regrets(setting, measured[key], yardstick, metric) if key in measured else None
        if found is None:
            continue
        regret, choices = found["regret"], found["choices"]
        values = [regret[choices[rule]] for rule in RULES]
        values += [regret[yardstick], regret.get(always, float("nan")), found["random"]]
        rows.append(values)
        cells = [f"{100 * value:.1f} ({choices[rule]})" for rule, value in zip(RULES, values)]
        cells += [f"{100 * value:.1f}" for value in values[len(RULES) :]]
        lines.append(
            f"| {' | '.join(key)} | {found['best']} | {' | '.join(cells)} | {found['spearman']:.2f} |"
        )
    if not rows:
        raise ValueError(
            "The 'folds' and 'test' arguments must be comparisons of the same data, settings and methods. "
            "Got none that both have instead."
        )
    means = [f"{100 * sum(column) / len(rows):.2f}" for column in zip(*rows)]
    lines.append(f"| mean | | | {' | '.join(means)} | |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    with explain_input_errors(PARSER, ARGS.traceback):
        main(ARGS)
