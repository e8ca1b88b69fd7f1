"""Predict the labels of images and write them to a file. The same command resumes an interrupted job.

Exit status: 0 if all images were predicted, 1 if some images could not be read, 2 if the command is wrong, 3
if the job was interrupted.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import os
import re
import signal
from itertools import islice
from pathlib import Path

from _lib.command_options import (
    add_cfg_options,
    add_device_option,
    add_thresholds_option,
    check_one_checkpoint,
)
from _lib.quiet_import import import_mmpretrain


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    summary, status = __doc__.split("\n\n")
    parser = argparse.ArgumentParser(description=summary, epilog=status)
    parser.add_argument("config", help="path of the config file")
    parser.add_argument("checkpoint", help="path of the checkpoint file")
    parser.add_argument("inputs", nargs="*", help="image files, folders, or patterns such as 'a/**/*.jpg'")
    parser.add_argument("--list", metavar="FILE", help="text file with further inputs, one per line")
    parser.add_argument(
        "--out",
        help="output file, .jsonl or .csv (default: predictions.jsonl), or with --wide .csv or .xlsx "
        "(default: predictions.csv)",
    )
    parser.add_argument(
        "--wide",
        action="store_true",
        help="write a table in the layout of an annotation file, with one column per class and 1 or 0 as "
        "answers; the probabilities are written beside it, and an .xlsx file has them as its second sheet",
    )
    add_thresholds_option(parser)
    parser.add_argument(
        "--topk", type=int, help="write the K highest scores of each image as well", metavar="K"
    )
    parser.add_argument(
        "--classes",
        metavar="FILE",
        help="text file with the class names, one per line (default: the names in the checkpoint or config)",
    )
    parser.add_argument("--batch-size", type=int, default=32, help="images per batch (default: 32)")
    parser.add_argument(
        "--num-workers", type=int, default=2, help="number of processes that read images (default: 2)"
    )
    parser.add_argument(
        "--max-pixels",
        type=int,
        default=2**24,
        help="maximum number of pixels, after the test pipeline, that the model processes at once; a larger "
        "image is reported as broken (default: 2**24)",
    )
    parser.add_argument(
        "--retry-broken", action="store_true", help="predict images again that were broken in an earlier call"
    )
    add_device_option(parser)
    parser.add_argument("--show-dir", help="folder for copies of the images with their predicted labels")
    add_cfg_options(parser)
    check_one_checkpoint(parser)
    args = parser.parse_args()
    if args.wide and args.topk is not None:
        parser.error(
            "The '--topk' argument must be omitted with '--wide', which writes the scores of all classes. "
            f"Got {args.topk} instead."
        )
    args.out = args.out or ("predictions.csv" if args.wide else "predictions.jsonl")
    return parser, args


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

import cv2
from _lib.command_line import config_file, override
from _lib.file_system_errors import error_text
from mmengine.config import Config
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mmpretrain_imbalance.apis import (
    ImagePrediction,
    MultiLabelInferencer,
    PredictionFile,
    ProbabilityFile,
    check_answer_table,
    image_paths,
    probability_path,
    write_answer_table,
)
from mmpretrain_imbalance.utils.files import atomic_write
from mmpretrain_imbalance.utils.printable import PrintableConsole
from mmpretrain_imbalance.visualization.labeled_picture import labeled_picture

# Names of folders that a picture may have, and those that this tool made of them.
_LIKE_A_PICTURE = re.compile(r"\.png_*$", re.IGNORECASE)
# Errors of a picture that a later call would have, too.
_LASTING = {
    errno.ENAMETOOLONG: "the file name of the picture is too long",
    errno.EISDIR: "a folder has the name of the picture",
    errno.EEXIST: "a file has the name of the folder of the picture",
    errno.ENOTDIR: "a file has the name of a folder of the picture",
}


def build_inferencer(parser: argparse.ArgumentParser, args: argparse.Namespace) -> MultiLabelInferencer:
    """Build the inferencer from the config and the checkpoint.

    Args:
        parser: Parser of the command line, which reports errors.
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
        pass  # no thresholds, or a file
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
        parser.error(error_text(error))


def settings_of(inferencer: MultiLabelInferencer, args: argparse.Namespace) -> dict:
    """Collect all settings that influence the predictions.

    Args:
        inferencer: The inferencer.
        args: The parsed options.

    Returns:
        The settings for :class:`PredictionFile`, which compares them when a job is resumed.
    """
    checkpoint = hashlib.sha256(args.checkpoint.encode())
    if os.path.isfile(args.checkpoint):  # not a URL
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
        "topk": "all" if args.wide else inferencer.topk,
        "max_pixels": inferencer.max_pixels,
        "pictures": args.show_dir,
    }


def picture_path(image: str, folder: Path) -> Path:
    """Return the path of the picture of an image, which repeats the path of the image below the folder.

    Names of folders that end in .png get another end: beside the image a.jpg there may be a folder a.jpg.png,
    which has the name of the picture of a.jpg.

    Args:
        image: Path of the image.
        folder: Folder for pictures.
    """
    source = Path(image)
    *folders, name = [part.replace("..", "__") for part in source.parts if part != source.anchor]
    folders = [f"{part}_" if _LIKE_A_PICTURE.search(part) else part for part in folders]
    return folder.joinpath(*folders, f"{name}.png")


def save_picture(prediction: ImagePrediction, folder: Path) -> None:
    """Save a picture of an image with its labels.

    Args:
        prediction: The prediction for the image.
        folder: Folder for pictures.
    """
    labels = zip(prediction.labels, prediction.scores)
    lines = [f"{score:.2f}  {name}" for name, score in islice(labels, 20)] or ["no label"]
    with atomic_write(picture_path(prediction.image, folder), "wb") as file:
        labeled_picture(prediction.image, lines).save(file, format="png")


def open_file(
    inferencer: MultiLabelInferencer, args: argparse.Namespace, images: list[str]
) -> PredictionFile:
    """Open the file to which the predictions are appended.

    Args:
        inferencer: The inferencer.
        args: The parsed options.
        images: All images of the job.

    Returns:
        The file. With ``--wide`` it contains the probabilities of all classes.

    Raises:
        FileExistsError: If the table of ``--wide`` exists and images are still to be predicted.
        ImportError: If the table of ``--wide`` needs a package that is missing.
        ValueError: If the file belongs to another job, or the options do not fit together.
    """
    settings, names = settings_of(inferencer, args), inferencer.class_names
    if not args.wide:
        return PredictionFile(args.out, settings, names)
    check_answer_table(args.out, len(images), len(names))
    path = probability_path(args.out)
    complete = False
    if path.exists() or not os.path.exists(args.out):
        file = ProbabilityFile(path, settings, names)
        complete = not file.remaining(images) and not (args.retry_broken and file.faults)
    if os.path.exists(args.out) and not complete:
        raise FileExistsError(
            "The '--out' argument must be a table that does not exist while images are still to be "
            f"predicted. Got {args.out!r} instead. Rename or delete it; {path} keeps all finished images."
        )
    return file


def run(
    inferencer: MultiLabelInferencer, images: list[str], file: PredictionFile, show_dir: str | None
) -> dict[str, str]:
    """Predict the images that are not in the file yet, batch by batch.

    Args:
        inferencer: The inferencer.
        images: All images of the job.
        file: File of the predictions.
        show_dir: Folder for pictures; ``None`` to save no pictures.

    Returns:
        Images whose picture could not be saved, with the reason.
    """
    remaining, without_picture = file.remaining(images), {}
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
            if show_dir is not None:  # before file.append, which marks the images as done
                for prediction in batch:
                    if prediction.fault is None:
                        try:
                            save_picture(prediction, Path(show_dir))
                        except (ValueError, cv2.error) as error:  # another decoder than in the config
                            without_picture[prediction.image] = str(error)
                        except OSError as error:
                            if error.errno not in _LASTING:
                                raise  # a later call may succeed
                            without_picture[prediction.image] = _LASTING[error.errno]
            file.append(batch)
            broken += sum(prediction.fault is not None for prediction in batch)
            progress.update(task, advance=len(batch), broken=broken)
    return without_picture


def list_inputs(parser: argparse.ArgumentParser, args: argparse.Namespace) -> list[str]:
    """List the images of the job.

    Args:
        parser: Parser of the command line, which reports errors.
        args: The parsed options.

    Returns:
        Their paths without duplicates and without the pictures that this tool saves in ``--show-dir``.
    """
    inputs = list(args.inputs)
    try:
        if args.list is not None:
            inputs += [line for line in Path(args.list).read_text(encoding="utf-8").splitlines() if line]
        if not inputs:
            parser.error(
                "The 'inputs' argument must name at least one image, folder or pattern. Got none instead."
            )
        images = image_paths(inputs)
    except (OSError, ValueError) as error:
        parser.error(error_text(error))
    if args.show_dir is not None:
        pictures = os.path.join(os.path.abspath(args.show_dir), "")
        images = [image for image in images if not os.path.abspath(image).startswith(pictures)]
    if not any(map(os.path.lexists, images)):
        parser.error(f"The 'inputs' argument must name files that exist. Got {inputs[0]!r} instead.")
    return images


def stop_on_termination() -> None:
    """Handle SIGTERM, which a scheduler sends, like an interrupt from the keyboard."""
    job = os.getpid()

    def stop(number: int, frame: object) -> None:
        if os.getpid() != job:  # a process that reads images, which can end at once
            os._exit(143)
        raise KeyboardInterrupt("a signal")

    signal.signal(signal.SIGTERM, stop)


def describe_thresholds(inferencer: MultiLabelInferencer) -> str:
    """Describe the decision thresholds and their source in one line."""
    low, high = inferencer.thresholds.min(), inferencer.thresholds.max()
    values = f"{low:g}" if low == high else f"{low:.3g} to {high:.3g}, per class"
    source = {
        "argument": "from --thresholds",
        "head": "from the head of the config",
        "file": "from thresholds.json beside the checkpoint",
        "checkpoint": "from the checkpoint, chosen on its validation set",
        "default": "the default; tools/tune_thresholds.py chooses better thresholds",
    }
    return f"Thresholds: {values} ({source[inferencer.threshold_source]})."


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Predict the images that are not in the output file yet."""
    images = list_inputs(parser, args)
    inferencer = build_inferencer(parser, args)
    try:
        file = open_file(inferencer, args, images)
        retried = file.forget_faults() if args.retry_broken else 0
    except (ImportError, OSError, ValueError) as error:
        parser.error(error_text(error))
    console = PrintableConsole(soft_wrap=True, highlight=False, markup=False, emoji=False)
    num_done = len(images) - len(file.remaining(images))
    if num_done or retried:
        console.print(f"Resuming {file.path}: {num_done} of {len(images)} images are done.")
    console.print(describe_thresholds(inferencer))
    stop_on_termination()
    try:
        without_picture = run(inferencer, images, file, args.show_dir)
        if args.wide and not os.path.exists(args.out):
            write_answer_table(file, args.out, inferencer.thresholds)
    except (KeyboardInterrupt, OSError, RuntimeError) as error:
        reason = error_text(error) or "a keyboard interrupt"
        done = len(images) - len(file.remaining(images))
        parser.exit(
            3, f"Stopped by {reason} after {done} of {len(images)} images. Run the same command to resume.\n"
        )
    broken = {image: file.faults[image] for image in images if image in file.faults}
    console.print(f"Predicted {len(images) - len(broken)} of {len(images)} images: {args.out}")
    for problem, reasons in (("could not be predicted", broken), ("has no picture", without_picture)):
        for image, reason in islice(reasons.items(), 20):
            name = os.fsencode(image).decode("utf-8", "replace")  # terminals need valid text
            console.print(f"  {problem}: {name}: {reason}")
        if len(reasons) > 20:
            console.print(f"  and {len(reasons) - 20} more")
    if broken:
        console.print(
            f"Broken images have a 'fault' in {file.path}. Use --retry-broken to predict them again."
        )
        parser.exit(1)


if __name__ == "__main__":
    main(PARSER, ARGS)
