"""Make docs/results.md and its figures of the result files of experiments, which run_experiment.py writes.

The page has every experiment of configs/_base_/experiments, also those without results, and nothing in it is
typed by hand. Tables at marked places of README.md and docs/which_method.md are written, too, unless --out
names another page.

Example:
    python tools/results_page.py
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from _lib.command_options import add_traceback_option
from _lib.quiet_import import import_mmpretrain

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "results.md"
#: Pages with tables of results at marked places.
WITH_TABLES = [ROOT / "README.md", ROOT / "docs" / "which_method.md"]


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--results", type=Path, default=ROOT / "docs" / "results", help="folder of the result files"
    )
    parser.add_argument("--out", type=Path, default=PAGE, help="the page")
    parser.add_argument(
        "--images", type=Path, default=ROOT / "docs" / "images", help="folder of the figures, results_*.png"
    )
    add_traceback_option(parser)
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

from typing import Any

from _lib.input_errors import explain_input_errors
from matplotlib.figure import Figure

from mmpretrain_imbalance.apis.experiments.experiment import read_experiment
from mmpretrain_imbalance.apis.experiments.experiment_file import experiment_header, read_results
from mmpretrain_imbalance.apis.experiments.fraction_curves import metric_panels, prior_panels
from mmpretrain_imbalance.apis.experiments.marked_tables import fill_marked_tables
from mmpretrain_imbalance.apis.experiments.recipe_bar import recipe_cells
from mmpretrain_imbalance.apis.experiments.results_page import results_page
from mmpretrain_imbalance.utils.files import atomic_write
from mmpretrain_imbalance.utils.shipped_files import shipped_folder
from mmpretrain_imbalance.visualization.comparison_figures import write_figure
from mmpretrain_imbalance.visualization.experiment_figures import draw_curves, draw_recipe

_WORDS = ("title", "description", "metrics", "figures", "data", "compared_methods")


def main(args: argparse.Namespace) -> None:
    """Write the figures and the page."""
    contents = all_results(args.results)
    images: dict[str, list[str]] = {}
    for content in contents:
        name = content["experiment"]
        for part, (figure, text) in figures_of(content).items():
            path = args.images / f"results_{name}_{part}.png"
            write_figure(figure, path)
            place = Path(os.path.relpath(path, args.out.parent)).as_posix()
            images.setdefault(name, []).append(f"![{text}]({place})")
    pages = {args.out: results_page(contents, images)}
    if args.out == PAGE:
        texts = {path: path.read_text(encoding="utf-8") for path in WITH_TABLES}
        pages |= {path: fill_marked_tables(text, contents) for path, text in texts.items()}
    for path, text in pages.items():
        with atomic_write(path) as file:
            file.write(text)
        print(f"Written: {path}")


def all_results(folder: Path) -> list[dict[str, Any]]:
    """Return the results of all shipped experiments, then those of other result files.

    Args:
        folder: Folder of the result files.
    """
    files = {path.stem: path for path in sorted(folder.glob("*.json"))}
    shipped = sorted(
        path.stem for path in (shipped_folder("configs") / "_base_" / "experiments").glob("*.py")
    )
    contents = []
    for name in shipped:
        header = experiment_header(read_experiment(name))
        stored = read_results(files[name]) if name in files else {**header, "cells": []}
        # The file of the experiment has the latest words, and the cells and methods that are planned.
        contents.append({**stored, **{key: header[key] for key in _WORDS}})
    return contents + [read_results(path) for name, path in files.items() if name not in shipped]


def figures_of(content: dict[str, Any]) -> dict[str, tuple[Figure, str]]:
    """Return the figures of an experiment with their texts, by the end of the file name.

    Args:
        content: Content of its result file.
    """
    found = {}
    if "curves" in content["figures"]:
        panels = metric_panels(content, "mAP")
        if panels:
            text = "mAP of each method over the known labels: mean and standard deviation over the seeds"
            found["curves"] = (draw_curves(panels, "mAP, percent"), text)
    if "prior" in content["figures"]:
        panels = prior_panels(content)
        if panels:
            text = "Rank correlation of the class prior with the true frequencies over the known labels"
            found["prior"] = (draw_curves(panels, "Spearman's correlation"), text)
    if "recipe" in content["figures"]:
        cells = recipe_cells(content["cells"], "mAP")
        if cells:
            text = "Difference of the recipe from the picked single method in each cell"
            found["differences"] = (draw_recipe(cells, "mAP, 95 % intervals over the seeds"), text)
    return found


if __name__ == "__main__":
    with explain_input_errors(PARSER, ARGS.traceback):
        main(ARGS)
