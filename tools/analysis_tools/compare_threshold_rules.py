"""Compare rules that choose decision thresholds, on test images that were not used for the choice.

The tables of docs/thresholds.md come from this command. The scores of finished trainings and the features of
photographs are kept in the work folder; a later call computes only what is missing.

Example:
    python tools/analysis_tools/compare_threshold_rules.py --sets digits
    python tools/analysis_tools/compare_threshold_rules.py --data data --weights efficientnet_lite0.pth
    python tools/analysis_tools/compare_threshold_rules.py --fresh --weights efficientnet_lite0.pth
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the folder of _lib

from _lib.quiet_import import import_mmpretrain

SETS = ("digits", "corel5k", "clothing_attributes")


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sets",
        nargs="+",
        choices=SETS,
        default=list(SETS),
        metavar="SET",
        help=f"data sets (default: {' '.join(SETS)}); digits need no files",
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=Path("data"),
        help="folder with a folder per set of photographs, which contains train.csv, test.csv and images "
        "(default: data)",
    )
    parser.add_argument(
        "--weights",
        type=Path,
        help="file with the pretrained weights of the backbone that computes the features of photographs; "
        "without it, the features are the colors of a small thumbnail",
    )
    parser.add_argument(
        "--backbone",
        default="tf_efficientnet_lite0",
        help="name of the backbone in TIMM (default: tf_efficientnet_lite0)",
    )
    parser.add_argument("--seeds", type=int, default=5, help="number of seeds (default: 5)")
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="compare a few rules again, with seeds from 5 on, and with test images that were not tested "
        "before: a quarter of the photographs of train.csv, and the digits that were used for validation. "
        "Scores and results are written to the folder 'fresh' of the work folder",
    )
    parser.add_argument(
        "--work-dir",
        type=Path,
        default=Path("work_dirs/threshold_rules"),
        help="folder for all files (default: work_dirs/threshold_rules)",
    )
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

import numpy as np
import torch
from _lib.input_errors import explain_input_errors
from _lib.threshold_data import PHOTOGRAPHS, Images, digit_images, photographs, pretrained_backbone
from _lib.threshold_rules import CONFIRMED, DEFAULT, OWN_PRIOR, PREVIOUS, RULES
from _lib.threshold_training import SMALL_TRAININGS, TRAININGS, Training, trained_scores
from mmengine.registry import init_default_scope
from rich.markdown import Markdown

from mmpretrain_imbalance.functional import multi_label_scores, simulate_partial_labels
from mmpretrain_imbalance.utils.files import atomic_write
from mmpretrain_imbalance.utils.printable import PrintableConsole

NUM_VALIDATION = (30, 100, 400)
METRICS = ("macro_f1", "CF1", "OF1")
SMALL = "128 photographs"
FIRST_FRESH_SEED = 5


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Train the missing models, apply all rules, and write results.json and results.md."""
    if args.seeds < 2:
        parser.error(f"The '--seeds' argument must be at least 2. Got {args.seeds} instead.")
    torch.set_num_threads(1)
    init_default_scope("mmpretrain")
    rows = []
    for name in args.sets:
        if name in PHOTOGRAPHS and not (args.data / name / "train.csv").is_file():
            print(f"{name} is left out, because {args.data / name / 'train.csv'} does not exist.")
            continue
        with explain_input_errors(parser, False):
            for setting, seed, scores in finished_runs(name, args):
                rows += evaluated_rules(
                    name, setting, seed, scores, CONFIRMED if args.fresh else tuple(RULES)
                )
    if not rows:
        parser.exit(1, "No data set was found, so nothing was written.\n")
    folder = results_folder(args)
    with atomic_write(folder / "results.json") as file:
        json.dump(rows, file, indent=1)
    text = f"{rules_table(rows)}\n{settings_table(rows)}"
    with atomic_write(folder / "results.md") as file:
        file.write(text)
    console = PrintableConsole()
    console.print(Markdown(text))
    console.print(f"Written to {folder}: results.json, results.md")


def results_folder(args: argparse.Namespace) -> Path:
    """Return the folder of scores and results; the features of photographs are the same with ``--fresh``."""
    folder: Path = args.work_dir
    return folder / "fresh" if args.fresh else folder


def finished_runs(name: str, args: argparse.Namespace) -> Iterator[tuple[str, int, dict[str, np.ndarray]]]:
    """Train the missing models of a data set, and yield the scores and labels of every model."""
    sets = None if name == "digits" else photograph_sets(name, args)
    first_seed = FIRST_FRESH_SEED if args.fresh else 0
    for seed in range(first_seed, first_seed + args.seeds):
        parts = digit_parts(seed, args.fresh) if sets is None else photograph_parts(*sets, seed)
        trainings: list[tuple[str, str, Training, list[Images]]] = [
            ("", title, training, parts) for title, training in TRAININGS.items()
        ]
        if sets is not None:
            small = small_parts(*sets, seed)
            trainings += [(SMALL, *item, small) for item in SMALL_TRAININGS.items()]
        for group, title, training, (train, *others) in trainings:
            file_name = f"{name}_{group}_{title}_{seed}.npz".replace(" ", "-").replace(",", "")
            path = results_folder(args) / "scores" / file_name
            if not path.is_file():
                print(f"training: {name}, {group or 'all images'}, {title}, seed {seed}", flush=True)
                scores = trained_scores(training, train, others, seed)
                columns = {
                    f"{part}_{kind}": values
                    for part, images, of_part in zip(("val", "test"), others, scores)
                    for kind, values in (("scores", of_part), ("labels", images.labels))
                }
                with atomic_write(path, "wb") as file:
                    np.savez(file, **columns)
            with np.load(path) as archive:
                yield f"{group}: {title}" if group else title, seed, dict(archive)


def digit_parts(seed: int, fresh: bool) -> list[Images]:
    """Return the canvases for training, validation and testing.

    With ``fresh``, the digits of validation and of testing are exchanged.
    """
    splits = ("train", "test", "val") if fresh else ("train", "val", "test")
    sizes = (2000, max(NUM_VALIDATION), 1000)
    return [digit_images(split, number, seed) for split, number in zip(splits, sizes)]


def photograph_sets(name: str, args: argparse.Namespace) -> tuple[Images, Images]:
    """Return the features of the photographs for training and testing.

    With ``--fresh``, both are photographs of train.csv, and a quarter of them is for testing.
    """
    backbone = None if args.weights is None else pretrained_backbone(args.backbone, args.weights)
    features = "thumbnails" if args.weights is None else args.backbone
    train, *others = (
        photographs(
            args.data / name, split, backbone, args.work_dir / "features" / f"{name}_{split}_{features}.npz"
        )
        for split in (("train",) if args.fresh else ("train", "test"))
    )
    if not args.fresh:
        return train, others[0]
    # A fixed seed, because the test photographs must be the same for all seeds of the trainings.
    order = np.random.default_rng(0).permutation(len(train.labels))
    number = len(order) // 4
    return train.subset(order[number:]), train.subset(order[:number])


def photograph_parts(train: Images, test: Images, seed: int) -> list[Images]:
    """Move a random part of the training photographs to validation."""
    order = np.random.default_rng(seed).permutation(len(train.labels))
    chosen = max(NUM_VALIDATION)
    return [train.subset(order[chosen:]), train.subset(order[:chosen]), test]


def small_parts(train: Images, test: Images, seed: int) -> list[Images]:
    """Return 96 photographs for training and 32 for validation, with 14 frequent and rarer classes.

    40 percent of the labels of validation are unknown, as in training.
    """
    by_frequency = np.argsort(-(train.labels == 1).sum(axis=0), kind="stable")
    first, step = (2, 3) if len(by_frequency) > 100 else (4, 2)
    classes = by_frequency[first : first + 14 * step : step]
    train, test = (Images(part.inputs, part.labels[:, classes]) for part in (train, test))
    order = np.random.default_rng(seed).permutation(len(train.labels))
    validation = train.subset(order[96:128])
    labels = simulate_partial_labels(validation.labels, "rps", seed=seed, probability=0.4)
    return [train.subset(order[:96]), Images(validation.inputs, labels), test]


def evaluated_rules(
    name: str, setting: str, seed: int, run: dict[str, np.ndarray], rules: tuple[str, ...]
) -> list[dict]:
    """Choose thresholds by each rule on parts of the validation images, and evaluate the test images."""
    rows = []
    small = setting.startswith(SMALL)
    for number in (len(run["val_labels"]),) if small else NUM_VALIDATION:
        scores, labels = run["val_scores"][:number], run["val_labels"][:number]
        for known in ("all",) if small else ("all", "half"):
            part = labels
            if known == "half":
                part = simulate_partial_labels(labels, "rps", seed=seed, probability=0.5)
            for rule in rules:
                thresholds = RULES[rule](scores, part).astype(np.float32)
                found = multi_label_scores(run["test_scores"] >= thresholds, run["test_labels"])
                rows.append(
                    dict(data=name, setting=setting, seed=seed, images=number, known=known, rule=rule)
                    | {metric: 100 * found[metric] for metric in METRICS}
                )
    return rows


def group_of(row: dict) -> str:
    """Return the column of a result in the table of rules."""
    if row["setting"].startswith(SMALL):
        return row["setting"]
    return f"{row['data'].replace('_', ' ')}, {row['images']}"


def values_of(rows: list[dict], metric: str) -> dict[tuple[str, str], np.ndarray]:
    """Return the values by group and rule, as an array with the mean of each seed."""
    values: dict[tuple[str, str], dict[int, list[float]]] = {}
    for row in rows:
        of_seeds = values.setdefault((group_of(row), row["rule"]), {})
        of_seeds.setdefault(row["seed"], []).append(row[metric])
    return {
        key: np.array([np.mean(of_seeds[seed]) for seed in sorted(of_seeds)])
        for key, of_seeds in values.items()
    }


def rules_table(rows: list[dict]) -> str:
    """Format macro F1 of each rule and group, and the means of all groups, in Markdown."""
    values = {metric: values_of(rows, metric) for metric in METRICS}
    groups = list(dict.fromkeys(map(group_of, rows)))
    rules = list(dict.fromkeys(row["rule"] for row in rows))
    heads = [*groups, "mean", "mean CF1", "mean OF1"]
    cells = np.array(
        [
            [values["macro_f1"][group, rule].mean() for group in groups]
            + [np.mean([values[metric][group, rule].mean() for group in groups]) for metric in METRICS]
            for rule in rules
        ]
    )
    best = cells.round(1).max(axis=0)
    lines = [
        "**Macro F1 on test images of each rule, and the means of all columns; percent**",
        "",
        f"| rule | {' | '.join(heads)} |",
        "| --- |" + " ---: |" * len(heads),
    ]
    for rule, row in zip(rules, cells):
        texts = [f"**{x:.1f}**" if round(x, 1) == top else f"{x:.1f}" for x, top in zip(row, best)]
        lines.append(f"| {rule} | {' | '.join(texts)} |")
    return "\n".join([*lines, ""])


def settings_table(rows: list[dict]) -> str:
    """Format macro F1 of 0.5, the previous and the default rule, and paired differences, in Markdown."""
    values = values_of(rows, "macro_f1")
    groups = list(dict.fromkeys(map(group_of, rows)))
    for rule in ("0.5", PREVIOUS, OWN_PRIOR, DEFAULT):
        values["mean", rule] = np.mean([values[group, rule] for group in groups], axis=0)
    seeds = len({row["seed"] for row in rows})
    lines = [
        f"**Macro F1 on test images; percent, mean ± standard deviation over {seeds} seeds**",
        "",
        "| data, validation images | at 0.5 | previous default | default | default minus previous | "
        f"default minus {OWN_PRIOR} |",
        "| --- |" + " ---: |" * 5,
    ]
    for group in [*groups, "mean"]:
        half, previous, own_prior, default = (
            values[group, rule] for rule in ("0.5", PREVIOUS, OWN_PRIOR, DEFAULT)
        )
        columns = [f"{x.mean():.1f} ± {x.std(ddof=1):.1f}" for x in (half, previous, default)]
        gains = (default - previous, default - own_prior)
        columns += [f"{x.mean():+.1f} ± {x.std(ddof=1):.1f}" for x in gains]
        lines.append(f"| {group} | {' | '.join(columns)} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main(PARSER, ARGS)
