"""Train methods on handwritten digits in several settings and compare them.

The tables of docs/which_method.md come from this command. The results of finished runs are kept in the work
folder; a later call trains only the missing runs.

Example:
    python tools/compare_methods.py --seeds 3
    python tools/compare_methods.py --data mnist --data-root data/mnist --settings full rps50
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from _lib.command_options import add_jobs_option
from _lib.compared_methods import METHODS, SETTINGS, planned_runs
from _lib.quiet_import import import_mmpretrain


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data",
        choices=("digits", "mnist"),
        default="digits",
        help="digits of scikit-learn or of MNIST (default: digits)",
    )
    parser.add_argument(
        "--data-root",
        default="data/mnist",
        help="folder of the four .gz files of MNIST (default: data/mnist)",
    )
    parser.add_argument(
        "--settings",
        nargs="+",
        choices=SETTINGS,
        default=list(SETTINGS),
        metavar="SETTING",
        help=f"settings to train in (default: all of {', '.join(SETTINGS)})",
    )
    parser.add_argument(
        "--methods",
        nargs="+",
        choices=METHODS,
        default=list(METHODS),
        metavar="METHOD",
        help=f"methods to train (default: all of {', '.join(METHODS)})",
    )
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds (default: 3)")
    parser.add_argument(
        "--work-dir", type=Path, help="folder for all files (default: work_dirs/compare_DATA)"
    )
    add_jobs_option(parser)
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

import numpy as np
from _lib.compare_figure import draw_method_scores
from _lib.method_runs import MethodRun, train_all
from rich.console import Console
from rich.markdown import Markdown

from mmpretrain_imbalance.utils.files import atomic_write

COLUMNS = {
    "mAP": "mAP",
    "mAP_rarest": "mAP of the 3 rarest",
    "macro_f1": "macro F1",
    "f1_rarest": "F1 of the 3 rarest",
}


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Train the missing runs, then write results.json, results.md and figure.png."""
    work_dir = args.work_dir or Path("work_dirs") / f"compare_{args.data}"
    if args.data == "mnist" and not (Path(args.data_root) / "train-images-idx3-ubyte.gz").exists():
        parser.error(
            "The '--data-root' argument must be a folder with the four .gz files of MNIST. Got "
            f"{args.data_root!r} instead."
        )
    data_root = args.data_root if args.data == "mnist" else ""
    runs = planned_runs(args.settings, args.methods, args.seeds, data_root)
    missing = [run for run in runs if not result_file(run, work_dir).exists()]
    train_all(missing, work_dir, args.jobs, result_writer(work_dir))
    # The tables show all finished runs of this folder with this number of seeds, not only those of this call.
    rows = finished_rows(planned_runs(SETTINGS, METHODS, args.seeds, data_root), work_dir, args.seeds)
    write_results(rows, work_dir)


def finished_rows(runs: Sequence[MethodRun], work_dir: Path, num_seeds: int) -> list[dict]:
    """Collect the results of every method and setting whose runs are finished with all seeds."""
    rows = [
        dict(setting=run.setting, method=run.method, seed=run.seed, **json.loads(path.read_text()))
        for run in runs
        if (path := result_file(run, work_dir)).exists()
    ]
    finished = Counter((row["setting"], row["method"]) for row in rows)
    return [row for row in rows if finished[row["setting"], row["method"]] == num_seeds]


def write_results(rows: list[dict], work_dir: Path) -> None:
    """Write results.json, results.md and figure.png, and print the tables."""
    settings = [setting for setting in SETTINGS if methods_of(rows, setting)]
    with atomic_write(work_dir / "results.json") as file:
        json.dump(rows, file, indent=1)
    text = "\n".join(markdown_table(rows, setting) for setting in settings)
    with atomic_write(work_dir / "results.md") as file:
        file.write(text)
    scores = {
        title(setting): {
            name(method): [
                100 * row["mAP"] for row in rows if (row["setting"], row["method"]) == (setting, method)
            ]
            for method in methods_of(rows, setting)
        }
        for setting in settings
    }
    with atomic_write(work_dir / "figure.png", "wb") as file:
        draw_method_scores(scores, "mAP, percent").savefig(file, format="png", dpi=90)
    console = Console()
    console.print(Markdown(text))
    console.print(f"Written to {work_dir}: results.json, results.md, figure.png")


def result_file(run: MethodRun, work_dir: Path) -> Path:
    """Return the path of the result of a finished run."""
    return run.work_dir(work_dir) / "result.json"


def result_writer(work_dir: Path):
    """Return a function that writes the result of a finished run."""

    def write(run: MethodRun, result: dict) -> None:
        rarest = np.argsort(result["positives"], kind="stable")[:3]
        map_rarest = float(np.mean([result["ap"][index] for index in rarest])) / 100
        with atomic_write(result_file(run, work_dir)) as file:
            json.dump({**result["metrics"], "mAP_rarest": map_rarest}, file)

    return write


def methods_of(rows: list[dict], setting: str) -> list[str]:
    """List the methods of a setting, highest mAP first."""
    means = {
        method: np.mean([row["mAP"] for row in rows if (row["setting"], row["method"]) == (setting, method)])
        for method in {row["method"] for row in rows if row["setting"] == setting}
    }
    return sorted(means, key=lambda method: (-means[method], method))


def markdown_table(rows: list[dict], setting: str) -> str:
    """Format the table of a setting in percent, highest mAP first, the best value of each column in bold."""
    methods = methods_of(rows, setting)
    values = {
        method: np.array(
            [
                [100 * row[key] for key in COLUMNS]
                for row in rows
                if (row["setting"], row["method"]) == (setting, method)
            ]
        )
        for method in methods
    }
    seeds = len(values[methods[0]])
    best = np.max([scores.mean(axis=0) for scores in values.values()], axis=0)
    statistic = f"mean ± standard deviation over {seeds} seeds" if seeds > 1 else "1 seed"
    lines = [
        f"**{title(setting)}; percent, {statistic}**",
        "",
        f"| method | {' | '.join(COLUMNS.values())} |",
    ]
    lines.append("| --- |" + " ---: |" * len(COLUMNS))
    for method, scores in values.items():
        texts = [
            f"{mean:.1f}" + (f" ± {spread:.1f}" if seeds > 1 else "")
            for mean, spread in zip(scores.mean(axis=0), scores.std(axis=0, ddof=min(seeds - 1, 1)))
        ]
        cells = [
            f"**{text}**" if mean == top else text
            for text, mean, top in zip(texts, scores.mean(axis=0), best)
        ]
        lines.append(f"| {name(method)} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def title(setting: str) -> str:
    """Title of a setting in printed tables."""
    return SETTINGS[setting].title


def name(method: str) -> str:
    """Name of a method in printed tables."""
    return method.replace("_", " ")


if __name__ == "__main__":
    main(PARSER, ARGS)
