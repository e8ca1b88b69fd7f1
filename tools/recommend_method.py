"""Recommend a method for your data, by cross-validation on the known labels of the training set.

All methods first train a linear head on the features of the pretrained backbone, then the best of them and
the yardstick, the first method, train the whole model. Without pretrained weights, all methods train the
whole model. The command prints the rankings and writes a config with the method that it recommends. The same
command continues a stopped one. The validation set and the test set are not read.

Examples:
    python tools/recommend_method.py my_project
    python tools/recommend_method.py my_config.py --methods binary_cross_entropy \
        my_method.py --cfg-options train_cfg.max_epochs=5 param_scheduler.T_max=5
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from _lib.command_options import add_cfg_options, add_jobs_option, add_traceback_option
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
        help="number of folds that are held out in the second round, at most K (default: 3)",
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
    add_cfg_options(parser, "train_cfg.max_epochs=3, in the trainings of the whole model only")
    add_jobs_option(parser)
    add_traceback_option(parser)
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

from _lib.command_line import check_folder, config_file
from _lib.compared_devices import number_of_jobs, visible_devices
from _lib.input_errors import explain_input_errors
from rich.table import Table

from mmpretrain_imbalance.apis import MethodRecommendation, recommend_method
from mmpretrain_imbalance.apis.comparison.compare_methods import base_name
from mmpretrain_imbalance.apis.comparison.results.comparison_results import ComparisonResults
from mmpretrain_imbalance.apis.comparison.results.method_differences import BETTER, SAME, WORSE
from mmpretrain_imbalance.apis.recommend_method import METRIC, SHORT_LIST, config_path
from mmpretrain_imbalance.utils.printable import PrintableConsole

ROUNDS = {
    "features": "A linear head on the features of the pretrained backbone",
    "training": "The whole model",
}


def ranking(results: ComparisonResults) -> Table:
    """Return the table of the methods by mAP, best first, with differences from the yardstick."""
    (setting,) = results.summary["settings"]
    table = Table("method", METRIC, "folds", "difference", "", show_edge=False)
    table.columns[0].overflow = "fold"
    table.columns[0].no_wrap = table.columns[3].no_wrap = True
    found = {method["method"]: method["metrics"][METRIC] for method in setting["methods"]}
    defined = [name for name in found if found[name]["mean"] is not None]
    for name in sorted(defined, key=lambda name: -found[name]["mean"]):
        values, difference = found[name], found[name]["difference"] or {}
        spread = "" if values["sd"] is None else f" ± {100 * values['sd']:.1f}"
        interval = ""
        if difference.get("low") is not None:
            interval = " [{:+.1f}, {:+.1f}]".format(*(100 * difference[end] for end in ("low", "high")))
        table.add_row(
            name,
            f"{100 * values['mean']:.1f}{spread}",
            str(values["n"]),
            f"{100 * difference['mean']:+.1f}{interval}" if difference else "",
            {BETTER: "better", WORSE: "worse"}.get(difference.get("verdict"), ""),
        )
    return table


def report(found: MethodRecommendation) -> list[str]:
    """Describe the recommendation, one sentence each."""
    yardstick = found.yardstick
    if found.method == yardstick:
        reason = f"It is the yardstick, and no other method has a better {METRIC}."
    elif found.verdict == BETTER:
        reason = f"Its {METRIC} is better than that of {yardstick}, beyond the variation of folds and images."
    elif found.verdict == SAME:
        reason = (
            f"It has the best {METRIC}, but these labels are too few to tell it from {yardstick}: no method "
            "is known to beat the yardstick."
        )
    else:
        reason = f"It has the best {METRIC}; its difference from {yardstick} could not be tested."
    lines = [f"Recommended: {found.method}. {reason}"]
    if "training" not in found.rounds:
        lines.append("The data are features, so no whole model was trained.")
    return [*lines, f"Train it: python tools/train.py {shlex.quote(str(found.config))}"]


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Compare the methods, print the rankings and the recommendation."""
    console = PrintableConsole(markup=False, emoji=False, soft_wrap=True, highlight=False)
    devices = visible_devices()
    with explain_input_errors(parser, args.traceback):
        path = config_path(args.config)
        config_file(parser, str(path))
        default = Path("work_dirs") / f"recommend_{base_name(path)}"
        work_dir = check_folder(parser, args.work_dir or default)
        found = recommend_method(
            path,
            work_dir,
            methods=args.methods or SHORT_LIST,
            num_folds=args.folds,
            num_repetitions=args.repetitions,
            num_finalists=args.finalists,
            num_final_folds=args.final_folds,
            checkpoint=args.checkpoint,
            use_features=not args.no_features,
            cfg_options=args.cfg_options,
            num_jobs=number_of_jobs(args.jobs, devices),
            devices=devices,
            on_round=lambda name, count: console.print(
                f"{ROUNDS[name]}: {count} trainings, without those that are finished."
            ),
        )
    for name, results in found.rounds.items():
        console.print(f"\n{ROUNDS[name]}, in percent, with the standard deviation over the folds;")
        console.print(f"difference from {found.yardstick}, with its 95 % interval:")
        console.print(ranking(results), soft_wrap=False)
        for run in results.summary["settings"][0]["unfinished"]:
            console.print(f"Without result: {run['method']}, fold {run['seed']}: {run['reason']}")
        console.print(f"All metrics: {work_dir / f'{name}_round' / 'results.md'}")
    console.print()
    for line in report(found):
        console.print(line)


if __name__ == "__main__":
    main(PARSER, ARGS)
