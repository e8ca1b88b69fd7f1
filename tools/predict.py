"""Predict the labels of images, into a file that a stopped job goes on with.

Exit status: 0 when all images were predicted, 1 when some could not be read, 2 when the command is wrong, 3
when the job stopped before its end.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import os
import signal
from itertools import islice
from pathlib import Path

from _lib.command_options import KeyValues
from _lib.quiet_import import import_mmpretrain


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the options."""
    summary, status = __doc__.split("\n\n")
    parser = argparse.ArgumentParser(description=summary, epilog=status)
    parser.add_argument("config", help="path of the config")
    parser.add_argument("checkpoint", help="path of the checkpoint")
    parser.add_argument("inputs", nargs="*", help="image files, folders, and patterns such as 'a/**/*.jpg'")
    parser.add_argument("--list", metavar="FILE", help="a text file with one more of these in each line")
    parser.add_argument("--out", default="predictions.jsonl", help=".jsonl (the default) or .csv")
    parser.add_argument(
        "--thresholds", help="one number, or a file by class name; by default the checkpoint's, else 0.5"
    )
    parser.add_argument("--topk", type=int, help="list the k highest scores of each image as well")
    parser.add_argument("--classes", metavar="FILE", help="a text file with a class name in each line")
    parser.add_argument("--batch-size", type=int, default=32, help="images at once")
    parser.add_argument("--num-workers", type=int, default=2, help="processes that read images")
    parser.add_argument(
        "--max-pixels",
        type=int,
        default=2**24,
        help="most pixels that go through the model at once; a larger image counts as broken",
    )
    parser.add_argument(
        "--retry-broken", action="store_true", help="try the images again that an earlier call found broken"
    )
    parser.add_argument("--device", help="such as cpu or cuda:1; by default a GPU where there is one")
    parser.add_argument("--show-dir", help="folder for pictures with their labels")
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=KeyValues,
        metavar="KEY=VALUE",
        help="replace settings of the config",
    )
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the imports, which take seconds
import_mmpretrain()

import cv2
from _lib.command_line import config_file, override
from mmengine.config import Config
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mmpretrain_imbalance.apis import ImagePrediction, MultiLabelInferencer, PredictionFile, image_paths
from mmpretrain_imbalance.utils.files import atomic_write
from mmpretrain_imbalance.visualization.labeled_picture import labeled_picture


def build_inferencer(parser: argparse.ArgumentParser, args: argparse.Namespace) -> MultiLabelInferencer:
    """Read the config and the checkpoint.

    Args:
        parser: Where errors are reported.
        args: The parsed options.

    Returns:
        The inferencer.
    """
    cfg = config_file(parser, args.config)
    override(parser, cfg, args.cfg_options)
    thresholds = args.thresholds
    try:
        thresholds = float(thresholds)
    except (TypeError, ValueError):
        pass  # None, or a file
    try:
        return MultiLabelInferencer(
            cfg,
            args.checkpoint,
            thresholds=thresholds,
            topk=args.topk,
            classes=Path(args.classes).read_text(encoding="utf-8").splitlines() if args.classes else None,
            device=args.device,
            batch_size=args.batch_size,
            num_workers=args.num_workers,
            max_pixels=args.max_pixels,
        )
    except (KeyError, OSError, TypeError, ValueError) as error:
        parser.error(str(error))


def settings_of(inferencer: MultiLabelInferencer, args: argparse.Namespace) -> dict:
    """What the predictions depend on.

    Args:
        inferencer: The inferencer.
        args: The parsed options.

    Returns:
        Settings for :class:`PredictionFile`.
    """
    checkpoint = hashlib.sha256(args.checkpoint.encode())
    if os.path.isfile(args.checkpoint):  # and no address
        checkpoint = hashlib.sha256()
        with open(args.checkpoint, "rb") as file:
            while block := file.read(1 << 20):
                checkpoint.update(block)
    parts = {part: inferencer.cfg.get(part) for part in ("model", "data_preprocessor", "test_dataloader")}
    return {
        "checkpoint": checkpoint.hexdigest(),
        "config": hashlib.sha256(Config(parts).pretty_text.encode()).hexdigest(),
        "classes": inferencer.class_names,
        "thresholds": inferencer.thresholds.tolist(),
        "topk": inferencer.topk,
        "max_pixels": inferencer.max_pixels,
        "pictures": args.show_dir,
    }


def save_picture(prediction: ImagePrediction, folder: Path) -> None:
    """Draw an image with its labels, below a folder that mirrors where it lies.

    Args:
        prediction: The labels of the image.
        folder: Where pictures go.
    """
    source = Path(prediction.image)
    parts = [part.replace("..", "__") for part in source.parts if part != source.anchor]
    labels = zip(prediction.labels, prediction.scores)
    lines = [f"{score:.2f}  {name}" for name, score in islice(labels, 20)] or ["no label"]
    target = folder.joinpath(*parts)
    with atomic_write(target.with_name(target.name + ".png"), "wb") as file:
        labeled_picture(source, lines).save(file, format="png")


def run(
    inferencer: MultiLabelInferencer, images: list[str], file: PredictionFile, show_dir: str | None
) -> dict[str, str]:
    """Predict the images that the file lacks, a batch at a time.

    Args:
        inferencer: The inferencer.
        images: All images of the job.
        file: Where the predictions go.
        show_dir: Folder for pictures; None for no pictures.

    Returns:
        Why a picture could not be drawn, by image.
    """
    remaining, not_drawn = file.remaining(images), {}
    broken = sum(image in file.faults for image in images)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("images, {task.fields[broken]} broken"),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as progress:
        done = len(images) - len(remaining)
        task = progress.add_task("predicting", total=len(images), completed=done, broken=broken)
        predictions = inferencer.predict(remaining)
        while batch := list(islice(predictions, inferencer.batch_size)):
            if show_dir is not None:  # before the record: what is recorded is done
                for prediction in batch:
                    if prediction.fault is None:
                        try:
                            save_picture(prediction, Path(show_dir))
                        except (ValueError, cv2.error) as error:  # another decoder than that of the config
                            not_drawn[prediction.image] = str(error)
                        except OSError as error:
                            if error.errno != errno.ENAMETOOLONG:  # which no other call would mend
                                raise
                            not_drawn[prediction.image] = "the name of its picture would be too long"
            file.append(batch)
            broken += sum(prediction.fault is not None for prediction in batch)
            progress.update(task, advance=len(batch), broken=broken)
    return not_drawn


def list_inputs(parser: argparse.ArgumentParser, args: argparse.Namespace) -> list[str]:
    """List the images of the job.

    Args:
        parser: Where errors are reported.
        args: The parsed options.

    Returns:
        Their paths, each once; no picture that this tool has drawn is among them.
    """
    inputs = list(args.inputs)
    try:
        if args.list is not None:
            inputs += [line for line in Path(args.list).read_text(encoding="utf-8").splitlines() if line]
        if not inputs:
            parser.error("The 'inputs' argument must name at least one image, folder or pattern. Got none.")
        images = image_paths(inputs)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    if args.show_dir is not None:
        drawn = os.path.join(os.path.abspath(args.show_dir), "")
        images = [image for image in images if not os.path.abspath(image).startswith(drawn)]
    if not any(map(os.path.lexists, images)):
        parser.error(f"The 'inputs' argument must name files that exist. Got {inputs[0]!r} instead.")
    return images


def stop_on_termination() -> None:
    """Let a job that a scheduler ends stop as one that the keyboard ends."""
    job = os.getpid()

    def stop(number: int, frame: object) -> None:
        if os.getpid() != job:  # a process that reads images: it has nothing to finish
            os._exit(143)
        raise KeyboardInterrupt("a signal")

    signal.signal(signal.SIGTERM, stop)


def describe_thresholds(inferencer: MultiLabelInferencer) -> str:
    """Say in a few words which thresholds count, and where they are from."""
    low, high = inferencer.thresholds.min(), inferencer.thresholds.max()
    values = f"{low:g}" if low == high else f"{low:.3g} to {high:.3g}, by class"
    source = {
        "argument": "of --thresholds",
        "head": "of the head of the config",
        "checkpoint": "of the checkpoint, chosen on its validation set",
        "default": "the default; tools/tune_thresholds.py chooses better ones",
    }
    return f"Thresholds: {values} ({source[inferencer.threshold_source]})."


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Predict the images that the file lacks."""
    images = list_inputs(parser, args)
    inferencer = build_inferencer(parser, args)
    try:
        file = PredictionFile(args.out, settings_of(inferencer, args), inferencer.class_names)
        retried = file.forget_faults() if args.retry_broken else 0
    except (OSError, ValueError) as error:
        parser.error(str(error))
    console = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
    begun = len(images) - len(file.remaining(images))
    if begun or retried:
        console.print(f"Going on with {args.out}: {begun} of {len(images)} images are done.")
    console.print(describe_thresholds(inferencer))
    stop_on_termination()
    try:
        not_drawn = run(inferencer, images, file, args.show_dir)
    except (KeyboardInterrupt, OSError, RuntimeError) as error:
        reason = str(error) or "the keyboard"
        done = len(images) - len(file.remaining(images))
        parser.exit(
            3, f"Stopped by {reason} after {done} of {len(images)} images; the same command goes on.\n"
        )
    broken = {image: file.faults[image] for image in images if image in file.faults}
    console.print(f"{len(images) - len(broken)} of {len(images)} images predicted, in {args.out}.")
    for what, faults in (("could not be predicted", broken), ("has no picture", not_drawn)):
        for image, fault in islice(faults.items(), 20):
            name = os.fsencode(image).decode("utf-8", "replace")  # a terminal shows no other
            console.print(f"  {what}: {name}: {fault}")
        if len(faults) > 20:
            console.print(f"  and {len(faults) - 20} more")
    if broken:
        console.print(f"Each has a 'fault' in {args.out}; --retry-broken tries them again.")
        parser.exit(1)


if __name__ == "__main__":
    main(PARSER, ARGS)
