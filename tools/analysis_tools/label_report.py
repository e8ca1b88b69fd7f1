"""Write a report about the labels of a dataset: an HTML page and a JSON file."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the folder of _lib

from _lib.quiet_import import import_mmpretrain
from _lib.source_arguments import add_source_arguments, name_of_output


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_source_arguments(parser)
    parser.add_argument(
        "-o",
        "--out",
        type=Path,
        help="HTML file (default: work_dirs/label_report/FOLDER-NAME.html); the JSON file has the same "
        "name, with .label_report.json instead of .html",
    )
    groups = parser.add_mutually_exclusive_group()
    groups.add_argument(
        "--group-thresholds",
        nargs=2,
        type=float,
        default=(20, 100),
        metavar=("MIDDLE", "HEAD"),
        help="minimum number of positives of a middle class and of a head class (default: 20 100)",
    )
    groups.add_argument(
        "--group-quantiles",
        nargs=2,
        type=float,
        metavar=("MIDDLE", "HEAD"),
        help="the same thresholds as quantiles of the positives per class, for example 0.33 0.67",
    )
    parser.add_argument(
        "--num-head",
        type=int,
        default=20,
        help="number of most frequent classes in the co-occurrence matrix (default: 20)",
    )
    parser.add_argument(
        "--table-rows",
        type=int,
        default=400,
        help="maximum number of rows of the table of classes (default: 400)",
    )
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

from _lib.file_system_errors import error_text
from _lib.labels_of_source import labels_of_source
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from mmpretrain_imbalance.utils.files import atomic_write
from mmpretrain_imbalance.utils.printable import PrintableConsole
from mmpretrain_imbalance.visualization import LabelSummary, label_report_page, summarize_labels
from mmpretrain_imbalance.visualization.report_file import check_report_file, write_report


def summarize(dataset: Any, args: argparse.Namespace) -> LabelSummary:
    """Compute the statistics of the labels, with a progress bar.

    Args:
        dataset: The dataset.
        args: The parsed options.

    Returns:
        The summary.
    """
    columns = (
        TextColumn("counting labels"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} images"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=PrintableConsole(stderr=True)) as progress:
        task = progress.add_task("", total=len(dataset))
        return summarize_labels(
            dataset,
            args.group_thresholds,
            args.group_quantiles,
            num_head=args.num_head,
            progress=lambda images: progress.advance(task, images),
        )


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Compute the statistics and write both files."""
    default = Path("work_dirs") / "label_report" / f"{name_of_output(args.source, args.split)}.html"
    page = args.out or default
    subject = [os.path.relpath(args.source, page.resolve().parent), args.split]
    try:
        check_report_file(page, subject)
        dataset, name = labels_of_source(args.source, args.split, args.default_label, args.repeated_images)
        summary = summarize(dataset, args)
        write_report(page, label_report_page(summary, name, args.table_rows), subject)
        statistics = page.with_suffix(".label_report.json")
        with atomic_write(statistics) as file:
            json.dump({"source": name, **summary.to_dict()}, file, ensure_ascii=False, indent=1)
            file.write("\n")
    except (OSError, TypeError, ValueError) as error:
        parser.error(error_text(error))
    print(f"{page}\n{statistics}")


if __name__ == "__main__":
    main(PARSER, ARGS)
