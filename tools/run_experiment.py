"""Run an experiment: train its methods on its data in its settings, and write the results as JSON.

An experiment is a file of configs/_base_/experiments. Finished runs are kept in the work folder, so that the
same command continues a stopped one. Each finished cell, a data set in a setting, is added to the result file
at once, and cells that were finished elsewhere stay in it. tools/results_page.py makes docs/results.md of all
result files.

Examples:
    python tools/run_experiment.py single_positive_methods --jobs 2
    python tools/run_experiment.py recipe --base-configs features/corel5k/config.py --settings rps:0.5
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
    parser.add_argument(
        "experiment",
        help="name of a file in configs/_base_/experiments, or path of a config file of the same form",
    )
    parser.add_argument(
        "--base-configs",
        nargs="+",
        metavar="BASE_CONFIG",
        help="base configs of the data sets to train, which have the names of the experiment, or those names "
        "for base configs that the experiment makes (default: these, protocols of configs/_base_/protocols, "
        "and features/DATA/config.py, where they exist)",
    )
    parser.add_argument(
        "--settings", nargs="+", metavar="SETTING", help="settings of the experiment to train (default: all)"
    )
    parser.add_argument(
        "--methods", nargs="+", metavar="METHOD", help="methods of the experiment to train (default: all)"
    )
    parser.add_argument(
        "--work-dir",
        type=Path,
        default=Path("work_dirs/experiments"),
        help="folder of the runs, which experiments share, one command at a time (default: "
        "work_dirs/experiments)",
    )
    parser.add_argument(
        "--out", type=Path, help="result file (default: docs/results/NAME.json of this clone)"
    )
    add_jobs_option(parser)
    add_traceback_option(parser)
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

from _lib.command_line import check_folder, config_file
from _lib.commit import commit_of
from _lib.compared_devices import number_of_jobs, visible_devices
from _lib.input_errors import explain_input_errors

import mmpretrain_imbalance
from mmpretrain_imbalance.apis.comparison.results.comparison_results import ComparisonResults
from mmpretrain_imbalance.apis.comparison.results.result_tables import result_tables
from mmpretrain_imbalance.apis.comparison.results.table_formats import print_tables
from mmpretrain_imbalance.apis.experiments.base_configs import find_base_configs
from mmpretrain_imbalance.apis.experiments.experiment import read_experiment
from mmpretrain_imbalance.apis.experiments.run_experiment import run_experiment
from mmpretrain_imbalance.utils.printable import PrintableConsole

ROOT = Path(__file__).resolve().parents[1]


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Train the missing runs, print the tables, and write the result file."""
    console = PrintableConsole(markup=False, emoji=False, soft_wrap=True, highlight=False)
    work_dir = check_folder(parser, args.work_dir)
    devices = visible_devices()
    commit = commit_of(ROOT)
    source = {"version": mmpretrain_imbalance.__version__, **({"commit": commit} if commit else {})}
    with explain_input_errors(parser, args.traceback):
        experiment = read_experiment(args.experiment)
        bases = find_base_configs(experiment, work_dir / "base_configs", args.base_configs)
        for path in bases.values():
            config_file(parser, str(path))
        out = args.out or ROOT / "docs" / "results" / f"{experiment.name}.json"

        def on_cell(results: ComparisonResults, is_added: bool) -> None:
            print_tables(result_tables(results.summary), console)
            if is_added:
                console.print(f"Written to {out}.")
            else:
                console.print(f"Not written: the cell in {out} has runs that are missing here. It stays.")

        failures = run_experiment(
            experiment,
            bases,
            work_dir,
            out,
            settings=args.settings,
            methods=args.methods,
            num_jobs=number_of_jobs(args.jobs, devices),
            devices=devices,
            source=source,
            on_cell=on_cell,
        )
    missing = [] if args.base_configs else [name for name in experiment.data if name not in bases]
    if missing:
        console.print(f"Without a base config here, and so not trained: {', '.join(missing)}.")
    for name, reason in failures.items():
        console.print(f"Failed: {name}: {reason}")
    parser.exit(1 if failures else 0)


if __name__ == "__main__":
    main(PARSER, ARGS)
