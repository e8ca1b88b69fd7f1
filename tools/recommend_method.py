"""Recommend a method for your data, by cross-validation on the known labels of the training set.

All methods first train a linear head on the features of the pretrained backbone, then the best of them and
the yardstick, the first method, train the whole model. The command prints both rankings and writes a config
with the method that it recommends. The same command continues a stopped one.

Example:
    python tools/recommend_method.py my_project
"""

from __future__ import annotations

import argparse
from pathlib import Path

from _lib.command_options import add_jobs_option, add_traceback_option
from _lib.quiet_import import import_mmpretrain


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", help="path of a config, or folder of a project of tools/new_project.py")
    parser.add_argument(
        "--methods",
        nargs="+",
        metavar="METHOD",
        help="methods as in tools/compare_methods.py; the first one is the yardstick (default: a short list)",
    )
    parser.add_argument(
        "--metric",
        default="mAP",
        help="metric of the choice: mAP, macro_f1_chosen or another one of results.csv (default: mAP)",
    )
    parser.add_argument("--folds", type=int, default=5, metavar="K", help="number of folds (default: 5)")
    parser.add_argument(
        "--repetitions",
        type=int,
        default=1,
        help="number of divisions into folds in the first round (default: 1)",
    )
    parser.add_argument(
        "--finalists",
        type=int,
        default=2,
        help="number of methods in the second round, beside the yardstick (default: 2)",
    )
    parser.add_argument(
        "--final-folds",
        type=int,
        default=3,
        help="number of folds that are held out in the second round (default: 3)",
    )
    parser.add_argument(
        "--checkpoint",
        help="checkpoint of the backbone for the first round (default: pretrained weights of the config)",
    )
    parser.add_argument(
        "--no-features", action="store_true", help="train the whole model with all methods, in one round"
    )
    parser.add_argument(
        "--work-dir", type=Path, help="folder for all files (default: work_dirs/recommend_NAME of the data)"
    )
    add_jobs_option(parser)
    add_traceback_option(parser)
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

from _lib.command_line import check_folder, config_file
from _lib.compared_devices import visible_devices
from _lib.input_errors import explain_input_errors
from rich.console import Console

from mmpretrain_imbalance.apis import MethodRecommendation, recommend_method
from mmpretrain_imbalance.apis.comparison.compare_methods import base_name
from mmpretrain_imbalance.apis.comparison.compared_method import read_method
from mmpretrain_imbalance.apis.comparison.results.result_tables import result_tables
from mmpretrain_imbalance.apis.comparison.results.table_formats import print_tables
from mmpretrain_imbalance.apis.recommend_method import SHORT_LIST, config_path

ROUNDS = {
    "features": "First round: a linear head on the features of the pretrained backbone",
    "training": "Training of the whole model",
}


def report(found: MethodRecommendation, metric: str) -> list[str]:
    """Describe the recommendation, one line each."""
    if found.is_better:
        reason = f"is better than {found.yardstick} in {metric}, beyond the variation of folds and images"
    elif found.method == found.yardstick:
        reason = f"is the yardstick, and no method has a higher {metric}"
    else:
        reason = (
            f"has the best {metric}, but cannot be distinguished from {found.yardstick}: nothing beats the "
            "yardstick on these labels"
        )
    lines = [f"Recommended: {found.method}. It {reason}."]
    if "training" not in found.rounds:
        lines.append("The whole model was not trained: the data are features.")
    elif "features" not in found.rounds:
        lines.append("There was no round on features.")
    return [*lines, f"Train it: python tools/train.py {found.config}"]


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Compare the methods, print the rankings and the recommendation."""
    console = Console(markup=False, emoji=False, soft_wrap=True, highlight=False)
    with explain_input_errors(parser, args.traceback):
        path = config_path(args.config)
        config_file(parser, str(path))
        for method in args.methods or ():  # checked before the features are extracted, which may take hours
            read_method(method)
        default = Path("work_dirs") / f"recommend_{base_name(path)}"
        work_dir = check_folder(parser, args.work_dir or default)
        found = recommend_method(
            path,
            work_dir,
            methods=args.methods or SHORT_LIST,
            metric=args.metric,
            num_folds=args.folds,
            num_repetitions=args.repetitions,
            num_finalists=args.finalists,
            num_final_folds=args.final_folds,
            checkpoint=args.checkpoint,
            use_features=not args.no_features,
            num_jobs=args.jobs,
            devices=visible_devices(),
            on_round=lambda name, count: console.print(f"{ROUNDS[name]}: {count} trainings"),
        )
    for name, results in found.rounds.items():
        console.print(ROUNDS[name])
        print_tables(result_tables(results.summary), console)
    for line in report(found, args.metric):
        console.print(line)


if __name__ == "__main__":
    main(PARSER, ARGS)
