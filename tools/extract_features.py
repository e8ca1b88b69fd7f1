"""Compute the features of all images of a config once, and write them with a config that trains on them.

The same command resumes a stopped extraction.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from _lib.command_options import add_cfg_options, add_device_option, add_traceback_option
from _lib.quiet_import import import_mmpretrain


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="path of the config of the model and the data")
    parser.add_argument(
        "checkpoint",
        nargs="?",
        help="path of the checkpoint file of the model (default: load_from or the pretrained weights of the "
        "config)",
    )
    parser.add_argument("--out", required=True, help="folder for the features")
    parser.add_argument(
        "--splits",
        nargs="+",
        choices=["train", "val", "test"],
        default=["train", "val", "test"],
        help="images to extract (default: all that the config has)",
    )
    parser.add_argument(
        "--dtype",
        choices=["float32", "float16"],
        default="float32",
        help="type of the stored numbers; float16 needs half of the space (default: float32)",
    )
    parser.add_argument(
        "--random-weights",
        action="store_true",
        help="go on if weights of the features are random, because neither the checkpoint nor the config has "
        "them",
    )
    add_device_option(parser)
    add_cfg_options(parser, "test_dataloader.batch_size=256")
    add_traceback_option(parser)
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

from _lib.command_line import check_folder, checkpoint_file, config_file, override
from _lib.input_errors import explain_input_errors

from mmpretrain_imbalance.apis import ExtractedFeatures, extract_features
from mmpretrain_imbalance.utils.printable import PrintableConsole


def report(extracted: ExtractedFeatures) -> list[str]:
    """Describe the result, one line each."""
    lines = []
    for split, store in extracted.stores.items():
        if split != store:
            lines.append(f"{split}: the images of {store}, which are stored once")
            continue
        images, computed = extracted.num_images[split], extracted.num_computed[split]
        before = f", {images - computed} of them before" if computed < images else ""
        lines.append(f"{split}: {images} images{before}, {extracted.num_features} features each")
    if extracted.config is not None:
        lines.append(f"Train on them: python tools/train.py {extracted.config}")
    return lines


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Extract the features, and print a summary."""
    cfg = config_file(parser, args.config)
    if args.checkpoint is not None:
        checkpoint_file(parser, args.checkpoint)
    check_folder(parser, Path(args.out), "--out")
    override(parser, cfg, args.cfg_options)
    with explain_input_errors(parser, args.traceback, cfg):
        extracted = extract_features(
            cfg,
            args.checkpoint,
            out=args.out,
            splits=args.splits,
            device=args.device,
            dtype=args.dtype,
            random_weights=args.random_weights,
            progress=True,
        )
    console = PrintableConsole(soft_wrap=True, highlight=False, markup=False, emoji=False)
    for line in report(extracted):
        console.print(line)


if __name__ == "__main__":
    main(PARSER, ARGS)
