"""Work folder of a training, which belongs to one run at a time."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from _lib.command_line import check_folder
from _lib.cpu_processes import is_first_process
from _lib.file_system_errors import NO_SPACE, error_text
from mmengine.config import Config

from mmpretrain_imbalance.utils.folder_lock import folder_lock


@contextmanager
def own_work_folder(parser: argparse.ArgumentParser, cfg: Config) -> Iterator[None]:
    """Lock the work folder of a run, or end the program if another run has it or it cannot be written.

    The first process of the run holds the lock. Where it ends with an error, the launcher ends the others.

    Args:
        parser: Parser of the command line, which reports errors.
        cfg: The config of the run, with its work folder and launcher.
    """
    folder = check_folder(parser, Path(cfg.work_dir))
    with ExitStack() as stack:
        if is_first_process(cfg.launcher):
            try:
                stack.enter_context(folder_lock(folder))
            except TimeoutError as error:
                parser.error(str(error))
            except OSError as error:
                if error.errno in NO_SPACE:
                    parser.error(error_text(error))
                parser.error(
                    f"The '--work-dir' argument must be a folder that can be written. Got {str(folder)!r} "
                    f"instead: {error.strerror or error}."
                )
        yield
