"""Options that several commands share. The module imports no slow package."""

from __future__ import annotations

import argparse
import re
import sys


class KeyValues(argparse.Action):
    """``--cfg-options`` as in MMEngine, with an error message instead of a traceback for wrong input."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        """Add the pairs to the namespace, or exit with an error message."""
        for pair in values:
            if "=" not in pair:
                parser.error(f"The '--cfg-options' argument must be KEY=VALUE pairs. Got {pair!r} instead.")
            if re.match(r"[^=]*=[\[(\s]*(\{|dict\()", pair):  # MMEngine would use it as a string
                parser.error(
                    "The '--cfg-options' argument must have numbers, words, or lists of them as values. Got "
                    f"the dictionary {pair!r} instead. Set its keys one by one, as in "
                    "model.head.loss.gamma_neg=2, or write it in a config file."
                )
        from mmengine.config import DictAction  # imported here because only this option needs it

        try:
            DictAction(self.option_strings, self.dest)(parser, namespace, values, option_string)
        except AssertionError:  # raised for brackets only
            parser.error(
                "The '--cfg-options' argument must have matching brackets in every value. Got "
                f"{' '.join(values)!r} instead."
            )


def check_one_checkpoint(parser: argparse.ArgumentParser) -> None:
    """End the command if it names several checkpoints, as ``best_*.pth`` may after two trainings.

    Args:
        parser: Parser of the command line, which does not have to be parsed yet.
    """
    found = [word for word in sys.argv[1:] if word.endswith(".pth") and "=" not in word and word[0] != "-"]
    if len(found) > 1:
        parser.error(
            f"The checkpoint must be one file. Got {', '.join(found)} instead. Name one of them: "
            "they may be of different trainings in the same folder."
        )


def common_parser(description: str) -> argparse.ArgumentParser:
    """Make a parser with the options that training and testing share.

    Args:
        description: One sentence for ``--help``.

    Returns:
        The parser, to which the command adds its own options.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("config", help="path of the config file")
    parser.add_argument(
        "--work-dir",
        help="folder for logs and checkpoints (default: work_dir of the config, or work_dirs/CONFIG_NAME)",
    )
    parser.add_argument("--amp", action="store_true", help="use automatic mixed precision (needs a GPU)")
    parser.add_argument(
        "--no-pin-memory", action="store_true", help="do not put batches into pinned (page-locked) memory"
    )
    add_cfg_options(parser, "train_cfg.max_epochs=3 or 'a.b=[1,5]'")
    parser.add_argument(
        "--launcher",
        choices=["none", "pytorch", "slurm", "mpi"],
        default="none",
        help="program that starts the processes of a distributed run; without a GPU, they communicate "
        "through gloo (default: none)",
    )
    add_traceback_option(parser)
    parser.add_argument("--local_rank", "--local-rank", type=int, default=0, help=argparse.SUPPRESS)
    return parser


def add_cfg_options(parser: argparse.ArgumentParser, example: str = "data_preprocessor.to_rgb=False") -> None:
    """Add ``--cfg-options``, which override settings of the config.

    Args:
        parser: Parser of the command line.
        example: A setting that a user of the command may want to override.
    """
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=KeyValues,
        metavar="KEY=VALUE",
        help=f"override settings of the config, for example {example}",
    )


def add_device_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``, on which the model predicts.

    Args:
        parser: Parser of the command line.
    """
    parser.add_argument(
        "--device", help="device, for example cpu or cuda:1 (default: a GPU if available, else the CPU)"
    )


def add_thresholds_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--thresholds``, which precede those that are found for the checkpoint.

    Args:
        parser: Parser of the command line.
    """
    parser.add_argument(
        "--thresholds",
        help="decision threshold: one number for all classes, or a file with a number per class name "
        "(default: the thresholds of the head, of thresholds.json beside the checkpoint, or of the "
        "checkpoint, else 0.5)",
    )


def add_jobs_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--jobs``, the number of runs that are trained at the same time.

    Args:
        parser: Parser of the command line.
    """
    parser.add_argument(
        "--jobs",
        type=int,
        help="number of simultaneous runs (default: one per GPU; without a GPU one per core, at most 4)",
    )


def add_traceback_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--traceback``, which the messages of ``explain_input_errors`` mention.

    Args:
        parser: Parser of the command line.
    """
    parser.add_argument(
        "--traceback", action="store_true", help="show the full traceback if the input is wrong"
    )
