"""Rank the methods of several comparisons over all their data and settings.

Example:
    python tools/analysis_tools/rank_methods.py work_dirs/digits work_dirs/photographs --out ranks.png
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
    parser.add_argument(
        "work_dirs",
        nargs="+",
        type=Path,
        metavar="WORK_DIR",
        help="work folder of a comparison, with results.json of tools/compare_methods.py",
    )
    parser.add_argument(
        "--metric",
        default="mAP",
        help="metric that ranks the methods: mAP, mAP_tail, macro_f1_chosen or another one of results.csv "
        "(default: mAP)",
    )
    parser.add_argument(
        "-o", "--out", type=Path, help="PNG file of the critical-difference diagram, which must not exist yet"
    )
    add_traceback_option(parser)
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

from _lib.input_errors import explain_input_errors

from mmpretrain_imbalance.apis.comparison.results.method_ranking import rank_comparisons
from mmpretrain_imbalance.apis.comparison.results.result_tables import rank_table
from mmpretrain_imbalance.apis.comparison.results.table_formats import print_tables
from mmpretrain_imbalance.utils.printable import PrintableConsole
from mmpretrain_imbalance.visualization.comparison_figures import draw_rank_figure, write_figure


def main(args: argparse.Namespace) -> None:
    """Print the ranks, and draw them if there is a file to write."""
    check_new_png(args.out)
    ranks = rank_comparisons(args.work_dirs, args.metric)
    console = PrintableConsole()
    print_tables([rank_table({args.metric: ranks})], console)
    console.print(f"Blocks: {'; '.join(', '.join(block) for block in ranks['blocks'])}.", markup=False)
    if args.out:
        write_figure(draw_rank_figure(ranks, args.metric), args.out)
        console.print(f"Written: {args.out}", markup=False)


def check_new_png(path: Path | None) -> None:
    """Raise unless the path of the figure is that of a new PNG file, or None."""
    if path is not None and (path.suffix.lower() != ".png" or path.exists()):
        found = f"{path}, which exists already," if path.exists() else str(path)
        raise ValueError(
            "The '--out' argument of rank_methods.py must be the path of a new .png file. "
            f"Got {found} instead."
        )


if __name__ == "__main__":
    with explain_input_errors(PARSER, ARGS.traceback):
        main(ARGS)
