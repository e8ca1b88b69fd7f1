"""Write a trained model as ONNX, images in and probabilities out, after a comparison with PyTorch."""

from __future__ import annotations

import argparse

from _lib.quiet_import import import_mmpretrain


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="path of the config")
    parser.add_argument("checkpoint", help="path of the checkpoint")
    parser.add_argument("--out", default="model.onnx", help="the file to write, by default model.onnx")
    parser.add_argument(
        "--size",
        type=int,
        nargs=2,
        metavar=("HEIGHT", "WIDTH"),
        help="of an image; by default what the test pipeline of the config makes of any",
    )
    parser.add_argument(
        "--thresholds", help="one number, or a file by class name; by default as in tools/predict.py"
    )
    parser.add_argument("--tolerance", type=float, default=1e-4, help="largest difference that passes")
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the imports, which take seconds
import_mmpretrain()

import numpy as np

from mmpretrain_imbalance.apis import MultiLabelInferencer
from mmpretrain_imbalance.apis.export_onnx import export_onnx
from mmpretrain_imbalance.apis.multi_label_inferencer import input_channels


def pipeline_size(inferencer: MultiLabelInferencer) -> tuple[int, int] | None:
    """Height and width that the test pipeline gives every image; None where that depends on the image.

    Args:
        inferencer: The model with its pipeline.
    """
    shapes = set()
    for height, width in ((300, 500), (640, 480)):
        data, _ = inferencer.pipeline(np.zeros((height, width, 3), np.uint8))
        shapes.add(None if data is None else tuple(data["inputs"].shape[-2:]))
    return shapes.pop() if len(shapes) == 1 else None


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Export the model, and say how near it is to PyTorch."""
    try:
        thresholds = float(args.thresholds)
    except (TypeError, ValueError):
        thresholds = args.thresholds
    try:
        inferencer = MultiLabelInferencer(args.config, args.checkpoint, thresholds=thresholds, device="cpu")
        size = args.size or pipeline_size(inferencer)
        if size is None:
            parser.error(
                "The '--size' argument must be given: what the test pipeline of the config makes of an image "
                "depends on the image. Got none instead."
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
        parser.error(str(error))
    print(
        f"{args.out}: agrees with PyTorch, the largest difference in a probability is {difference:.2g}. "
        f"Images of {size[0]} x {size[1]}."
    )


if __name__ == "__main__":
    main(PARSER, ARGS)
