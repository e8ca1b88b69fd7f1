"""Train methods on any data, in any settings and with several seeds, and compare them.

Finished runs are kept in the work folder: the same command continues a stopped comparison, and one with more
methods, settings or seeds trains only the missing runs.

Examples:
    python tools/compare_methods.py configs/_base_/protocols/digits_all_known.py \
        --methods binary_cross_entropy class_aware_selective_loss my_method.py HillLoss \
        --settings as_annotated rps:0.5 --seeds 3
    python tools/compare_methods.py my_project/config.py --trials 4 --folds 5 --seeds 5
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from pathlib import Path

from _lib.command_options import add_cfg_options, add_jobs_option, add_traceback_option
from _lib.quiet_import import import_mmpretrain

DEFAULT_METHODS = (
    "binary_cross_entropy",
    "statistics_balanced_loss",
    "partial_label_masking_loss",
    "class_aware_selective_loss",
    "assume_negative_loss",
    "pseudo_label_loss",
)


def parse_shard(parser: argparse.ArgumentParser, text: str | None) -> tuple[int, int] | None:
    """Return the number of the part and the number of parts."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        parser.error(
            f"The '--shard' argument must be I/N, with I from 1 to N, such as 2/8. Got {text!r} instead."
        )
    return int(found[1]), int(found[2])


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "base_configs",
        nargs="+",
        metavar="BASE_CONFIG",
        help="config with data, model, schedule and runtime, such as a file of configs/_base_/protocols or "
        "the config.py of a project; the methods replace its loss",
    )
    parser.add_argument(
        "--methods",
        nargs="+",
        default=list(DEFAULT_METHODS),
        metavar="METHOD",
        help="names of files in configs/_base_/methods, config files of the same form, or types of losses "
        f"(default: {' '.join(DEFAULT_METHODS)})",
    )
    parser.add_argument(
        "--settings",
        nargs="+",
        default=["as_annotated"],
        metavar="SETTING",
        help="labels to train with: as_annotated, a protocol with its number such as rps:0.5, fpc:20 or "
        "single_positive, or a file like those in configs/_base_/simulations (default: as_annotated)",
    )
    parser.add_argument("--seeds", type=int, default=5, help="number of seeds (default: 5)")
    parser.add_argument(
        "--yardstick",
        metavar="METHOD",
        help="method that all others are tested against (default: the first one)",
    )
    tuning = parser.add_argument_group("tuning")
    tuning.add_argument(
        "--trials",
        type=int,
        default=1,
        metavar="K",
        help="trainings per method to choose its learning rate and its own numbers, on a validation part of "
        "the training set (default: 1, which takes the numbers of the files)",
    )
    tuning.add_argument(
        "--search",
        choices=["random", "grid", "tpe"],
        default="random",
        help="choice of the trials; tpe needs the package optuna (default: random)",
    )
    tuning.add_argument(
        "--val-fraction",
        type=float,
        default=0.2,
        help="fraction of the training set on which trials and thresholds are chosen (default: 0.2)",
    )
    tuning.add_argument(
        "--folds",
        type=int,
        metavar="K",
        help="measure by cross-validation on the known labels of the training set instead of the test set; "
        "seeds 0 to K - 1 are the folds",
    )
    add_cfg_options(parser, "train_cfg.max_epochs=3")
    running = parser.add_argument_group("running")
    running.add_argument(
        "--work-dir", type=Path, help="folder for all files (default: work_dirs/compare_NAME of the data)"
    )
    add_jobs_option(running)
    running.add_argument(
        "--shard",
        metavar="I/N",
        help="train part I of N only, for example in a job array; then use --collect",
    )
    running.add_argument(
        "--print-commands",
        type=int,
        metavar="N",
        help="print the commands of N parts and of the collection, and end",
    )
    running.add_argument(
        "--collect", action="store_true", help="write the results of the finished runs, and train nothing"
    )
    add_traceback_option(parser)
    args = parser.parse_args()
    args.shard = parse_shard(parser, args.shard)
    if args.collect and args.shard is not None:
        parser.error("The '--collect' argument must come without '--shard'. Got both instead.")
    return parser, args


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

from _lib.command_line import check_folder, config_file
from _lib.compared_devices import number_of_jobs, visible_devices
from _lib.input_errors import explain_input_errors

from mmpretrain_imbalance.apis.comparison.compare_methods import Comparison, base_name
from mmpretrain_imbalance.apis.comparison.results.result_tables import result_tables
from mmpretrain_imbalance.apis.comparison.results.table_formats import print_tables
from mmpretrain_imbalance.utils.printable import PrintableConsole
from mmpretrain_imbalance.visualization.comparison_figures import write_comparison_figures


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Train the missing runs, and write and print the results."""
    console = PrintableConsole(markup=False, emoji=False, soft_wrap=True, highlight=False)
    if args.print_commands is not None:
        if args.print_commands < 1:
            parser.error(
                f"The '--print-commands' argument must be at least 1. Got {args.print_commands} instead."
            )
        for line in shard_commands(sys.argv, args.print_commands):
            console.print(line)
        return
    for path in args.base_configs:
        config_file(parser, path)
    work_dir = check_folder(parser, args.work_dir or default_work_dir(args.base_configs))
    devices = visible_devices()
    jobs = number_of_jobs(args.jobs, devices)
    with explain_input_errors(parser, args.traceback):
        comparison = Comparison(
            args.base_configs,
            args.methods,
            work_dir,
            settings=args.settings,
            num_seeds=args.seeds,
            num_trials=args.trials,
            search=args.search,
            val_fraction=args.val_fraction,
            num_folds=args.folds,
            cfg_options=args.cfg_options,
        )
        if args.yardstick not in (None, *comparison.methods):  # checked before the training
            raise ValueError(
                f"The '--yardstick' argument must be one of the methods {', '.join(comparison.methods)}. Got "
                f"{args.yardstick!r} instead."
            )
        failures = {} if args.collect else comparison.train(jobs, devices, args.shard)
        if args.shard is None:
            results = comparison.write_results(args.yardstick)
            write_comparison_figures(results.summary, comparison.work_dir)
            print_tables(result_tables(results.summary), console)
            console.print(f"Written to {comparison.work_dir}: results.json, results.csv, results.md, ...")
        elif not failures:
            console.print(f"Part {args.shard[0]} of {args.shard[1]} is finished. --collect joins all parts.")
    parser.exit(1 if failures else 0)


def default_work_dir(base_configs: list[str]) -> Path:
    """Return the folder of a comparison that names none."""
    return Path("work_dirs") / ("compare_" + "_".join(base_name(path) for path in base_configs))


def shard_commands(argv: list[str], count: int) -> list[str]:
    """Return the command of each part, and that of the collection.

    Args:
        argv: The words of this command.
        count: Number of parts.
    """
    words = [word for word in argv if not word.startswith("--print-commands=")]
    if "--print-commands" in words:
        position = words.index("--print-commands")
        del words[position : position + 2]
    command = shlex.join(["python", *words])
    parts = [f"{command} --shard {index}/{count}" for index in range(1, count + 1)]
    return [*parts, f"{command} --collect"]


if __name__ == "__main__":
    main(PARSER, ARGS)
