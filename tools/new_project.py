"""Make a project that can be trained from a table of labels and a folder of images, or update it.

The table may be CSV or other delimited text, a spreadsheet, Parquet, an export of Label Studio or CVAT, or a
folder of Hugging Face datasets. Nothing is asked: guesses are printed with the option that overrules them.
"""

from __future__ import annotations

import argparse

from _lib.command_options import add_traceback_option
from _lib.quiet_import import import_mmpretrain
from _lib.table_arguments import add_table_arguments, table_options

_PROBLEMS = ["missing", "ambiguous", "unreadable", "repeated", "duplicates"]


def project_options(args: argparse.Namespace) -> dict:
    """Return the given options that only a new project has."""
    names = ("val_fraction", "test_fraction", "seed", "model", "weights", "method", "image_size")
    names += ("batch_size", "max_epochs", "learning_rate")
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    summary, details = __doc__.split("\n\n")
    parser = argparse.ArgumentParser(description=summary, epilog=details)
    parser.add_argument("table", help="path of the table")
    parser.add_argument("--images", metavar="FOLDER", help="folder of the images")
    parser.add_argument("--out", metavar="DIR", required=True, help="folder of the project")
    parser.add_argument(
        "--update",
        action="store_true",
        help="read a corrected table into a project: images stay in their part, new ones are added",
    )
    parser.add_argument(
        "--skip-bad-images",
        nargs="*",
        choices=_PROBLEMS,
        metavar="KIND",
        help=f"go on without images that are {', '.join(_PROBLEMS)}, or some of these; repeated images and "
        "duplicates are joined",
    )
    add_table_arguments(parser)
    group = parser.add_argument_group("split, model and training of a new project")
    add = group.add_argument
    add("--val-fraction", type=float, help="fraction of the images for validation (default: 0.2)")
    add("--test-fraction", type=float, help="fraction of the images for the test (default: 0, no test set)")
    add("--seed", type=int, help="seed of the split (default: 0)")
    add(
        "--model",
        help="network of mmpretrain.list_models(), first part of its name, or timm/NAME (default: resnet50)",
    )
    add(
        "--weights",
        metavar="FILE",
        help="weights of the network, or none to start from random weights (default: the published weights)",
    )
    add("--method", help="a file name in configs/_base_/methods (default: chosen from the label counts)")
    add("--image-size", type=int, help="height and width in pixels (default: that of the published network)")
    add("--batch-size", type=int, help="images per step and GPU (default: 32)")
    add("--max-epochs", type=int, help="number of epochs (default: 30)")
    add("--learning-rate", type=float, help="learning rate of the backbone (default: 3e-4)")
    add_traceback_option(parser)
    args = parser.parse_args()
    if not args.update and args.images is None:
        parser.error("The '--images' argument must be the folder of the images. Got none instead.")
    if args.update and (given := project_options(args)):
        option = "--" + next(iter(given)).replace("_", "-")
        parser.error(
            f"The '--update' option must come without options of new projects. Got {option} instead. Change "
            "config.py, or make a new project."
        )
    if args.skip_bad_images == []:
        args.skip_bad_images = _PROBLEMS
    return parser, args


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

from _lib.input_errors import explain_input_errors
from _lib.project_summary import print_new_project, print_table, print_update

from mmpretrain_imbalance.apis import new_project, update_project
from mmpretrain_imbalance.utils.printable import PrintableConsole


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Make or update the project, and print everything that was understood."""
    console = PrintableConsole(soft_wrap=True, highlight=False, markup=False, emoji=False)
    options = dict(
        progress=console.is_terminal,
        on_table=lambda description: print_table(console, description),
        **table_options(args),
    )
    with explain_input_errors(parser, args.traceback):
        if args.update:
            skip = args.skip_bad_images
            update = update_project(args.table, args.out, args.images, skip_bad_images=skip, **options)
            print_update(console, update)
        else:
            options.update(project_options(args), skip_bad_images=args.skip_bad_images or ())
            print_new_project(console, new_project(args.table, args.images, args.out, **options))


if __name__ == "__main__":
    main(PARSER, ARGS)
