"""Campaign over damaged files of every format that the package reads.

A case is a format, a seed and a number, from which all damage is drawn. `python -m tests.faults.damaged_files
coco 0 17` repeats one case, and shows the error that it raises.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import os
import shutil
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from unittest import mock

import numpy as np

from mmpretrain_imbalance.utils.printable import printable
from tests.faults.binary_formats import BINARY_FORMATS
from tests.faults.byte_mutations import BYTE_MUTATIONS
from tests.faults.checkpoint_formats import CHECKPOINT_FORMATS
from tests.faults.file_formats import TEXT_FORMATS, FileFormat
from tests.faults.limits import limits
from tests.faults.rows import BrokenLawError, Report, Row
from tests.faults.structure_mutations import STRUCTURE_MUTATIONS
from tests.tools.run_tool import TOOLS

FORMATS = {form.name: form for form in (*TEXT_FORMATS, *BINARY_FORMATS, *CHECKPOINT_FORMATS)}
DOCUMENTED = (ValueError, TypeError, FileNotFoundError, UnpicklingError)
LONGEST_MESSAGE = 2000


@functools.cache
def _input_error_message() -> Callable[[BaseException], str | None]:
    sys.path.insert(0, str(TOOLS))
    try:
        return importlib.import_module("_lib.input_errors").input_error_message
    finally:
        sys.path.remove(str(TOOLS))


class Example:
    """A valid example of a format in a folder, of which one file after the other is damaged.

    Args:
        form: The format.
        folder: A folder of its own, which is created.

    Raises:
        BrokenLawError: If the valid example is not accepted.
    """

    def __init__(self, form: FileFormat, folder: Path) -> None:
        self.form, self.folder = form, folder
        folder.mkdir(parents=True)
        form.write(folder)
        self.contents = {name: (folder / name).read_bytes() for name in form.files}
        self._before = self._paths()
        with _quick_disk():
            found = form.read(folder)
        if form.plain is not None and found != form.plain(folder):
            raise BrokenLawError(f"the valid example is read as {found}")
        self._clean()

    def damage(self, seed: int, case: int) -> str:
        """Damage one file, and return its name."""
        generator = np.random.default_rng([seed, case])
        name = self.form.files[int(generator.integers(len(self.form.files)))]
        content = self.contents[name]
        structure = STRUCTURE_MUTATIONS.get(Path(name).suffix)
        if structure is not None and generator.random() < 0.5:
            content = structure(content, generator)
        else:
            for _ in range(1 if generator.random() < 0.7 else 2):
                content = BYTE_MUTATIONS[int(generator.integers(len(BYTE_MUTATIONS)))](content, generator)
        self._write(name, content)
        return name

    def restore(self, name: str) -> None:
        self._write(name, self.contents[name])
        self._clean()

    def check(self) -> BaseException | None:
        """Read the damaged folder, and return the error if it was rejected.

        Raises:
            BrokenLawError: If a law does not hold.
        """
        try:
            with limits(self.folder), _quick_disk():
                found = self.form.read(self.folder)
        except BrokenLawError:
            raise
        except Exception as error:
            check_error(error, self.folder, self.form.files)
            return error
        if self.form.plain is not None:
            try:
                expected = self.form.plain(self.folder)
            except Exception as error:
                raise BrokenLawError(f"accepted as {found!r:.300}, which is wrong: {error!r:.200}") from error
            if found != expected:
                raise BrokenLawError(f"accepted as {found!r:.300} instead of {expected!r:.300}")
        return None

    def _write(self, name: str, content: bytes) -> None:
        # Some file systems begin to write a file to the disk when it is emptied and closed.
        (self.folder / name).unlink()
        (self.folder / name).write_bytes(content)

    def _paths(self) -> set[Path]:
        return set(self.folder.rglob("*"))

    def _clean(self) -> None:
        """Remove what a conversion has written."""
        for path in sorted(self._paths() - self._before):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def check_error(error: Exception, folder: Path, files: Sequence[str]) -> None:
    """Raise ``BrokenLawError`` unless an error is of a documented kind, with a message that names a file.

    Args:
        error: The error.
        folder: Folder with the damaged file.
        files: Names of all files of the format: a damaged file may contradict one of the others.
    """
    kind = type(error).__name__
    if not isinstance(error, DOCUMENTED):
        raise BrokenLawError(f"{kind}: {error!s:.300}") from error
    if _input_error_message()(error) is None:
        raise BrokenLawError(f"a traceback of {kind}: {error!s:.300}") from error
    message = str(error)
    names = [Path(name).name for name in files]
    if str(folder) not in message or not any(name in message for name in names):
        raise BrokenLawError(f"a message without the file: {message:.300}") from error
    if printable(message) != message or "\n" in message or "\r" in message:
        raise BrokenLawError(f"a message with control characters: {message[:300]!r}") from error
    if len(message) > LONGEST_MESSAGE + 2 * len(str(folder)):
        raise BrokenLawError(f"a message of {len(message)} characters: {message:.300}") from error


def _nothing(file: object) -> None:
    """Stand in for a function. To make a mock takes as long as to read a small file."""


@contextmanager
def _quick_disk() -> Iterator[None]:
    """Do not wait for the disk, and do not print warnings."""
    with mock.patch.object(os, "fsync", _nothing), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def run_cases(form: FileFormat, cases: range, seed: int, folder: Path) -> tuple[Counter[str], list[str]]:
    """Try some cases of a format.

    Args:
        form: The format.
        cases: The numbers of the cases.
        seed: Seed of the damage.
        folder: A folder for the files.

    Returns:
        Number of files that were rejected and accepted, and one line for each failure.
    """
    example, counts, failures = Example(form, folder / form.name), Counter[str](), []
    for case in cases:
        name = example.damage(seed, case)
        try:
            counts["accepted" if example.check() is None else "rejected"] += 1
        except BrokenLawError as broken:
            reason = printable(str(broken)).replace("\n", " ")
            failures.append(f"{form.name} {seed} {case}: {name}: {reason}")
        example.restore(name)
    return counts, failures


def campaign(count: int, seed: int, folder: Path, report: Report) -> list[Row]:
    """Damage files of all formats, and check what the package makes of them.

    Args:
        count: Number of files, of all formats together.
        seed: Seed of the damage.
        folder: A folder for the files.
        report: Called with a line of progress for each format.

    Returns:
        One row per format.
    """
    rows = []
    for number, form in enumerate(FORMATS.values()):
        share = range(count // len(FORMATS) + (number < count % len(FORMATS)))
        counts, failures = run_cases(form, share, seed, folder)
        text = ", ".join(f"{counts[word]:,} {word}" for word in ("rejected", "accepted"))
        report(f"{form.name}: {len(share):,} files, {text}, {len(failures)} failures")
        lines = [f"python -m tests.faults.damaged_files {failure}" for failure in failures]
        rows.append(Row(f"damaged {form.name}", len(share), len(failures), form.law, lines))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="Repeat one case of the campaign over damaged files.")
    parser.add_argument("format", choices=FORMATS)
    parser.add_argument("seed", type=int)
    parser.add_argument("case", type=int)
    parser.add_argument("--keep", type=Path, help="folder that does not exist yet, for the damaged files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        example = Example(FORMATS[options.format], options.keep or Path(folder) / "files")
        name = example.damage(options.seed, options.case)
        print(f"{example.folder / name}: {(example.folder / name).read_bytes()[:2000]!r}")
        try:
            error = example.check()
        except BrokenLawError as broken:
            traceback.print_exception(broken)
            sys.exit(1)
        print("accepted" if error is None else f"rejected: {error}")


if __name__ == "__main__":
    main()
