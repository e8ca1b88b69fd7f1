"""Train several methods on handwritten digits and compare them.

There are two settings. In the first, the classes are imbalanced and all labels are known. In the second, half
of the labels are unknown as well. The same command continues a stopped demo: it trains a finished run again
only after a change of the code.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from _lib.command_options import add_jobs_option
from _lib.quiet_import import import_mmpretrain


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--seeds",
        type=int,
        default=1,
        help="number of seeds (default: 1); with more than one, the tables show the standard deviation",
    )
    parser.add_argument(
        "--work-dir",
        type=Path,
        default=Path("work_dirs/demo"),
        help="folder for all files (default: work_dirs/demo)",
    )
    add_jobs_option(parser)
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

import numpy as np
from _lib.compared_devices import number_of_jobs
from _lib.demo_figure import draw_demo_figure
from _lib.demo_runs import EPOCHS, DemoRun, DemoRuns
from _lib.demo_training import METRICS
from _lib.file_system_errors import explain_file_system_errors
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from mmpretrain_imbalance.apis.comparison.runs.run_jobs import run_jobs
from mmpretrain_imbalance.utils.files import atomic_write
from mmpretrain_imbalance.utils.printable import PrintableConsole

# Setting, method, config, and the method that estimates the class prior for it.
RUNS = (
    ("rps", "ignore", "partial_bce/digits-rps50_ignore.py", None),
    ("imbalance", "bce", "partial_bce/digits-imbalanced_bce.py", None),
    ("imbalance", "class_weighted_bce", "statistics_balanced/digits-imbalanced_class-weighted-bce.py", None),
    ("imbalance", "plm", "partial_label_masking/digits-imbalanced_plm.py", None),
    ("rps", "assume_negative", "partial_bce/digits-rps50_negative.py", None),
    ("rps", "pseudo_label", "pseudo_label/digits-rps50_pseudo-label.py", None),
    ("rps", "csl", "class_aware_selective/digits-rps50_csl.py", "ignore"),
    ("rps", "plm_csl", "combinations/digits-rps50_plm-csl.py", "ignore"),
    ("imbalance", "refit", "refit_head/digits-imbalanced_refit-class-weighted-bce.py", None),
    ("rps", "refit", "refit_head/digits-rps50_refit-ignore.py", None),
)
SHOWN = {
    "imbalance": ("Imbalanced, fully labeled", ("bce", "class_weighted_bce", "plm", "refit")),
    "rps": (
        "Imbalanced, half of the labels unknown",
        ("assume_negative", "ignore", "csl", "pseudo_label", "plm_csl", "refit"),
    ),
}
HEADINGS = {
    "mAP": "mAP",
    "macro_f1": "macro F1",
    "CF1": "CF1",
    "recall_rarest": "recall of the 3 rarest",
    "f1_rarest": "F1 of the 3 rarest",
    "exact_match": "exact match",
}


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Train the methods, print the tables, and write results.json, results.md and figure.png."""
    jobs = number_of_jobs(args.jobs, ["cpu"])
    if args.seeds < 1 or jobs < 1:
        parser.error(
            f"The '--seeds' and '--jobs' arguments must be at least 1. Got {args.seeds} and {jobs} instead."
        )

    planned = [
        DemoRun(setting, method, seed, config, prior_from)
        for seed in range(args.seeds)
        for setting, method, config, prior_from in RUNS
    ]
    console = PrintableConsole()
    runs = train_all(planned, args.work_dir, jobs, parser, console)
    rows = [
        {"setting": setting, "method": method, "seed": seed, **runs[seed, setting, method]["metrics"]}
        for seed in range(args.seeds)
        for setting, (_, methods) in SHOWN.items()
        for method in methods
    ]
    with atomic_write(args.work_dir / "results.json") as file:
        json.dump(rows, file, indent=1)
    with atomic_write(args.work_dir / "results.md") as file:
        file.write(markdown_tables(rows))
    first = {(setting, method): run for (seed, setting, method), run in runs.items() if seed == 0}
    first = {
        (setting, method): first[setting, method]
        for setting, (_, methods) in SHOWN.items()
        for method in methods
    }
    draw_demo_figure(args.work_dir / "figure.png", first, args.work_dir / "seed_0" / "imbalance_plm")
    for setting in SHOWN:
        console.print(results_table(rows, setting))
    console.print(f"Written to {args.work_dir}: results.json, results.md, figure.png")


def train_all(
    planned: list[DemoRun], root: Path, jobs: int, parser: argparse.ArgumentParser, console: Console
) -> dict[tuple[int, str, str], dict]:
    """Train the runs that are not finished, and return all results by seed, setting and method.

    The runs use no GPU, so that the results do not depend on it.
    """
    schedule = DemoRuns(planned, root)
    count = len(schedule.unfinished())
    if count < len(planned):
        text = f"{len(planned) - count} of {len(planned)} runs in {root} were finished before."
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    run_jobs(schedule.ready, jobs, EPOCHS * count)
    missing = schedule.unfinished()
    if missing:
        names = ", ".join(str(run.folder(root)) for run in missing)
        parser.exit(
            1,
            f"{parser.prog}: error: {len(missing)} of {len(planned)} runs have no result: {names}. Their "
            "output is in output.txt of each folder. The same command trains only these runs.\n",
        )
    return {(run.seed, run.setting, run.method): schedule.result(run) for run in planned}


def table_cells(rows: list[dict], setting: str) -> tuple[str, list[list[str]]]:
    """Return the title and the cells of the table of a setting.

    Values are in percent, with their standard deviation if there are several seeds. The best values of each
    column are enclosed in asterisks.
    """
    title, methods = SHOWN[setting]
    seeds = len({row["seed"] for row in rows})
    of_method = {
        method: [row for row in rows if (row["setting"], row["method"]) == (setting, method)]
        for method in methods
    }
    values = 100 * np.array(
        [[[row[metric] for metric in METRICS] for row in of_method[method]] for method in methods]
    )
    means, spreads = values.mean(axis=1), values.std(axis=1, ddof=1 if seeds > 1 else 0)
    cells = [["method", *(HEADINGS[metric] for metric in METRICS)]]
    for method, mean, spread in zip(methods, means, spreads):
        texts = [f"{m:.1f}" + (f" ± {s:.1f}" if seeds > 1 else "") for m, s in zip(mean, spread)]
        best = [f"**{text}**" if m == top else text for text, m, top in zip(texts, mean, means.max(axis=0))]
        cells.append([method.replace("_", " "), *best])
    statistic = f"mean ± standard deviation over {seeds} seeds" if seeds > 1 else "1 seed"
    return f"{title}; percent, {statistic}", cells


def results_table(rows: list[dict], setting: str) -> Table:
    """Build the table of a setting for the terminal."""
    title, (header, *body) = table_cells(rows, setting)
    table = Table(title=title, box=SIMPLE_HEAD)
    for index, name in enumerate(header):
        table.add_column(name, justify="right" if index else "left")
    for row in body:
        table.add_row(*(f"[bold]{cell.strip('*')}[/]" if cell.startswith("**") else cell for cell in row))
    return table


def markdown_tables(rows: list[dict]) -> str:
    """Format the tables of all settings in Markdown."""
    lines = []
    for setting in SHOWN:
        title, (header, *body) = table_cells(rows, setting)
        table = [header, ["---", *["---:"] * len(METRICS)], *body]
        lines += [f"**{title}**", "", *(f"| {' | '.join(row)} |" for row in table), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    with explain_file_system_errors(PARSER):
        main(PARSER, ARGS)
