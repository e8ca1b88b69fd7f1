"""Write one HTML page that compares runs: metrics, classes, epochs, calibration and wrong predictions.

If predictions.npz of a work folder is missing, or older than the last checkpoint, the checkpoint is evaluated
first, on the test data of its config.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the folder of _lib

from _lib.quiet_import import import_mmpretrain


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n")[1])
    parser.add_argument(
        "work_dirs",
        nargs="+",
        type=Path,
        help="work folders of the runs; all other runs are compared with the first",
    )
    parser.add_argument(
        "-o",
        "--out",
        type=Path,
        help="HTML file (default: WORK_DIR/report.html for one run, FOLDER/report/RUN-RUN.html for several "
        "runs, where FOLDER has the work folder of the first run); a CSV file of the worst predictions has "
        "the same name, with .most_wrong.csv instead of .html",
    )
    parser.add_argument("--names", nargs="+", help="one name per run (default: the names of the folders)")
    parser.add_argument(
        "--classes",
        nargs="+",
        default=[],
        help="classes with a precision-recall curve (default: the 3 rarest classes and the most frequent "
        "one)",
    )
    groups = parser.add_mutually_exclusive_group()
    groups.add_argument(
        "--group-thresholds",
        nargs=2,
        type=float,
        metavar=("MIDDLE", "HEAD"),
        help="minimum number of training positives of a middle class and of a head class (default: the "
        "groups that the dataset defines, else 20 100)",
    )
    groups.add_argument(
        "--group-quantiles",
        nargs=2,
        type=float,
        metavar=("MIDDLE", "HEAD"),
        help="the same thresholds as quantiles of the training positives per class of the first run, for "
        "example 0.33 0.67",
    )
    parser.add_argument(
        "--resamples",
        type=int,
        default=1000,
        help="number of resamples of the paired bootstrap; 0 omits the bootstrap (default: 1000)",
    )
    parser.add_argument(
        "--examples",
        type=int,
        default=6,
        help="number of false positives and of false negatives per run to show (default: 6)",
    )
    parser.add_argument("--no-images", action="store_true", help="show file names, but no images")
    parser.add_argument(
        "--predict",
        action="store_true",
        help="evaluate all checkpoints, even if predictions.npz is up to date",
    )
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

import numpy as np
from _lib.file_system_errors import error_text, explain_file_system_errors
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpretrain.registry import DATASETS

import mmpretrain_imbalance  # noqa: F401  registers everything, also for configs without custom_imports
from mmpretrain_imbalance.apis.chosen_thresholds import chosen_thresholds, thresholds_beside
from mmpretrain_imbalance.apis.config_text import skip_formatting
from mmpretrain_imbalance.functional import quantile_group_thresholds
from mmpretrain_imbalance.hooks.checkpoint_classes_hook import CheckpointClassesHook
from mmpretrain_imbalance.metrics.dump_predictions import DumpPredictions
from mmpretrain_imbalance.utils.files import atomic_write
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from mmpretrain_imbalance.visualization.report_file import check_report_file, write_report
from mmpretrain_imbalance.visualization.run_report.most_wrong import most_wrong_csv
from mmpretrain_imbalance.visualization.run_report.page import run_report_page
from mmpretrain_imbalance.visualization.run_report.report_run import ReportRun
from mmpretrain_imbalance.visualization.run_report.run_folder import last_checkpoint, run_config


def are_current(predictions: Path) -> bool:
    """Return whether predictions exist and belong to the last checkpoint.

    Args:
        predictions: Path of ``predictions.npz`` in a work folder.

    Returns:
        Whether the file is newer than the last checkpoint, or exists without any checkpoint.
    """
    if not predictions.is_file():
        return False
    try:
        checkpoint = last_checkpoint(predictions.parent)
    except FileNotFoundError:
        return True
    return predictions.stat().st_mtime_ns >= checkpoint.stat().st_mtime_ns


def config_with_test_data(work_dir: Path) -> Config:
    """Read the config of a run, and check that it has test data.

    Args:
        work_dir: The work folder.

    Returns:
        The config.

    Raises:
        ValueError: If the config has no test data.
    """
    cfg = run_config(work_dir)
    if cfg.get("test_dataloader") is None:
        raise ValueError(
            f"The config in {work_dir} must have test_dataloader. Got a config without test_dataloader "
            "instead."
        )
    return cfg


def predict(work_dir: Path) -> None:
    """Evaluate the last checkpoint of a run on its test data, and write ``predictions.npz``.

    Args:
        work_dir: The work folder.
    """
    cfg = config_with_test_data(work_dir)
    cfg.load_from, cfg.resume, cfg.launcher = str(last_checkpoint(work_dir)), False, "none"
    cfg.log_level = "ERROR"
    cfg.experiment_name = f"report_{work_dir.resolve().name}_{id(cfg)}"
    cfg.test_evaluator = [dict(type=DumpPredictions.__name__, out_file=str(work_dir / "predictions.npz"))]
    skip_formatting(cfg)
    with tempfile.TemporaryDirectory() as folder:
        cfg.work_dir = folder
        runner = Runner.from_cfg(cfg)
        runner.register_hook(CheckpointClassesHook())
        runner.test()


@functools.cache
def test_dataset(work_dir: Path):
    """Build the test dataset of a run, to read its images."""
    cfg = config_with_test_data(work_dir)
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        return DATASETS.build(cfg.test_dataloader.dataset)


def image_of(run: ReportRun, index: int) -> np.ndarray | str:
    """Return an image of the test data of a run, as an array or a path."""
    info = test_dataset(run.work_dir).get_data_info(index)
    return info["img"] if "img" in info else str(info["img_path"])


def with_thresholds_of_checkpoint(run: ReportRun) -> ReportRun:
    """Return the run with the thresholds that all tools find for its last checkpoint, in the same order.

    Args:
        run: A run with the thresholds of ``thresholds.json`` in its folder, for any weights.

    Returns:
        The run; without thresholds if there are only those of other weights.
    """
    try:
        checkpoint = last_checkpoint(run.work_dir)
    except FileNotFoundError:
        return run
    meta = load_weights_only(checkpoint, map_location="cpu").get("meta", {})
    file, stored = thresholds_beside(checkpoint, meta), meta.get("thresholds")
    if file is None and stored is None:
        return replace(run, thresholds=None, chosen_on=None)
    found = chosen_thresholds(None, None, stored, run.predictions.class_names, "report.py", file=file)
    return replace(run, thresholds=found.values, chosen_on=found.chosen_on)


def unique_names(work_dirs: list[Path]) -> list[str]:
    """Return names of the folders, with as many parent folders as needed to make them unique."""
    folders = [folder.resolve() for folder in work_dirs]
    for depth in range(1, max(len(folder.parts) for folder in folders) + 1):
        names = ["/".join(folder.parts[-depth:]) for folder in folders]
        if len(set(names)) == len(names):
            return names
    return [f"{folder.name} ({number})" for number, folder in enumerate(folders, start=1)]


def default_page(work_dirs: list[Path]) -> Path:
    """Return the path of the page of one run in its work folder, or of several runs beside the first one."""
    if len(work_dirs) == 1:
        return work_dirs[0] / "report.html"
    names = [folder.resolve().name for folder in work_dirs]
    name = "-".join(names) if len(names) <= 3 else f"{names[0]}-and-{len(names) - 1}-more"
    return work_dirs[0].resolve().parent / "report" / f"{name[:200]}.html"


def subject_of(page: Path, work_dirs: list[Path]) -> list[str]:
    """Return the work folders relative to the page, so that both can be moved together."""
    return [os.path.relpath(folder.resolve(), page.resolve().parent) for folder in work_dirs]


def thresholds_at_quantiles(run: ReportRun, group_quantiles: tuple[float, float]) -> tuple[float, float]:
    """Compute the group thresholds from two quantiles of the training positives per class.

    Args:
        run: The run with the training positives.
        group_quantiles: Fraction of the classes below the middle group, and fraction below the head group.

    Returns:
        The thresholds.

    Raises:
        ValueError: If the training positives are missing, or the quantiles are not two fractions.
    """
    if run.training_positives is None:
        raise ValueError(
            "The '--group-quantiles' argument must come with a first run that has the training positives of "
            f"its classes. Got {run.work_dir} without them instead. Add LabelStatisticsHook to its config."
        )
    return quantile_group_thresholds(run.training_positives, group_quantiles)


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Evaluate runs without current predictions, then write the page."""
    if args.examples < 0:
        parser.error(f"The '--examples' argument must be at least 0. Got {args.examples} instead.")
    names = args.names or unique_names(args.work_dirs)
    if len(names) != len(args.work_dirs):
        parser.error(
            f"The '--names' argument must have one name for each of the {len(args.work_dirs)} runs. "
            f"Got {len(names)} names instead."
        )
    page = args.out or default_page(args.work_dirs)
    subject = subject_of(page, args.work_dirs)
    try:
        check_report_file(page, subject)
        for work_dir, name in zip(args.work_dirs, names):
            if args.predict or not are_current(work_dir / "predictions.npz"):
                print(f"{name}: evaluating {last_checkpoint(work_dir)}")
                predict(work_dir)
        thresholds = args.group_thresholds and tuple(args.group_thresholds)
        if args.group_quantiles:
            thresholds = thresholds_at_quantiles(ReportRun.read(args.work_dirs[0]), args.group_quantiles)
        runs = [ReportRun.read(work_dir, name, thresholds) for work_dir, name in zip(args.work_dirs, names)]
        runs = list(map(with_thresholds_of_checkpoint, runs))
        html = run_report_page(
            runs, args.classes, image_of, args.resamples, args.examples, not args.no_images
        )
        write_report(page, html, subject)
    except (OSError, ValueError) as error:
        parser.error(error_text(error))
    print(f"{page} ({len(html) / 1e6:.1f} MB)")
    if args.examples:
        rows = page.with_suffix(".most_wrong.csv")
        with atomic_write(rows) as file:
            file.write(most_wrong_csv(runs, image_of, args.examples))
        print(rows)


if __name__ == "__main__":
    with explain_file_system_errors(PARSER):
        main(PARSER, ARGS)
