"""Options that several commands have. Nothing here takes time to import."""

from __future__ import annotations

import argparse


class KeyValues(argparse.Action):
    """``--cfg-options`` of MMEngine, with a sentence instead of a traceback where ``=`` is missing."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        """Add the pairs to the namespace, or exit with the reason why that cannot be done."""
        for pair in values:
            if "=" not in pair:
                parser.error(f"The '--cfg-options' argument must be KEY=VALUE pairs. Got {pair!r} instead.")
        from mmengine.config import DictAction  # here: only this option needs it

        try:
            DictAction(self.option_strings, self.dest)(parser, namespace, values, option_string)
        except AssertionError as error:  # brackets that do not match
            parser.error(f"The '--cfg-options' argument cannot be read: {error}.")


def common_parser(description: str) -> argparse.ArgumentParser:
    """Make a parser with the options that training and testing share.

    Args:
        description: One sentence for ``--help``.

    Returns:
        The parser, to be given the remaining options.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("config", help="path of the config")
    parser.add_argument(
        "--work-dir", help="folder for logs and checkpoints; by default work_dirs/CONFIG_NAME"
    )
    parser.add_argument("--amp", action="store_true", help="use automatic mixed precision (needs a GPU)")
    parser.add_argument("--no-pin-memory", action="store_true", help="keep batches out of page-locked memory")
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=KeyValues,
        metavar="KEY=VALUE",
        help="settings that replace those of the config, such as train_cfg.max_epochs=3 or 'a.b=[1,5]'",
    )
    parser.add_argument(
        "--launcher",
        choices=["none", "pytorch", "slurm", "mpi"],
        default="none",
        help="what started the processes of this run; without a GPU they talk through gloo",
    )
    add_traceback_option(parser)
    parser.add_argument("--local_rank", "--local-rank", type=int, default=0, help=argparse.SUPPRESS)
    return parser


def add_traceback_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that :func:`user_faults.explained_faults` mentions.

    Args:
        parser: Of the command line.
    """
    parser.add_argument(
        "--traceback", action="store_true", help="show where in the code wrong input was refused"
    )
