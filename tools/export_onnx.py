"""Export a trained model to ONNX, with images as input and probabilities as output, and check it."""

from __future__ import annotations

import argparse

from _lib.command_options import add_thresholds_option
from _lib.quiet_import import import_mmpretrain


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="path of the config file")
    parser.add_argument("checkpoint", help="path of the checkpoint file")
    parser.add_argument("--out", default="model.onnx", help="output file (default: model.onnx)")
    parser.add_argument(
        "--size",
        type=int,
        nargs=2,
        metavar=("HEIGHT", "WIDTH"),
        help="size of the input images (default: the image size after the test pipeline of the config)",
    )
    add_thresholds_option(parser)
    parser.add_argument(
        "--tolerance",
        type=float,
        default=1e-4,
        help="maximum difference between the probabilities of ONNX and PyTorch (default: 1e-4)",
    )
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

import numpy as np
from _lib.file_system_errors import error_text

from mmpretrain_imbalance.apis import MultiLabelInferencer
from mmpretrain_imbalance.apis.export_onnx import export_onnx
from mmpretrain_imbalance.apis.multi_label_inferencer import input_channels


def pipeline_size(inferencer: MultiLabelInferencer) -> tuple[int, int] | None:
    """Return the image size after the test pipeline.

    Args:
        inferencer: The model with its pipeline.

    Returns:
        Height and width; ``None`` if they depend on the input image.
    """
    shapes = set()
    for height, width in ((300, 500), (640, 480)):
        data, _ = inferencer.pipeline(np.zeros((height, width, 3), np.uint8))
        shapes.add(None if data is None else tuple(data["inputs"].shape[-2:]))
    return shapes.pop() if len(shapes) == 1 else None


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Export the model, and print the largest difference to PyTorch."""
    try:
        thresholds = float(args.thresholds)
    except (TypeError, ValueError):
        thresholds = args.thresholds
    try:
        inferencer = MultiLabelInferencer(args.config, args.checkpoint, thresholds=thresholds, device="cpu")
        size = args.size or pipeline_size(inferencer)
        if size is None:
            parser.error(
                "The '--size' argument must be given if the image size after the test pipeline depends on "
                "the image. Got none instead."
            )
        difference = export_onnx(
            inferencer.model,
            args.out,
            (input_channels(inferencer.model), *size),
            class_names=inferencer.class_names,
            thresholds=inferencer.thresholds,
            tolerance=args.tolerance,
        )
    except (KeyError, ModuleNotFoundError, OSError, TypeError, ValueError) as error:
        parser.error(error_text(error))
    print(
        f"{args.out}: agrees with PyTorch; the largest difference between probabilities is {difference:.2g}. "
        f"The input images have {size[0]} x {size[1]} pixels (height x width)."
    )


if __name__ == "__main__":
    main(PARSER, ARGS)
