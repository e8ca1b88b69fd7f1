"""Check of the images that a table names: found, readable, unique, and not contradictory."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import track

from ..utils.argument_checks import check_integer
from ..utils.files import atomic_write, csv_line
from ..utils.local_files import read_regular_file
from .image_index import IMAGE_ENDINGS, ImageIndex, ImageMatch, name_key, without_suffix
from .image_problems import find_content_problem
from .label_store.join_rows import join_rows
from .label_store.store import LabelStore
from .row_groups import join_groups

_FEW_IMAGES = 1000  # decoded in this process: several processes would save less than their start takes
_MOST_LISTED = 3  # files in a reason


@dataclass(frozen=True)
class ImageProblem:
    """Problem of one row of a table, or of one file.

    Attributes:
        row: Index of the row; ``None`` for a file that the table does not name.
        number: Number of the row as its reader counts, for instance the line; ``None`` without a row.
        name: Name of the image in the table.
        path: The file, relative to the folder; ``None`` if it was not found.
        reason: Description of the problem.
    """

    row: int | None
    number: int | None
    name: str
    path: str | None
    reason: str


@dataclass(frozen=True)
class ImageFiles:
    """Result of :func:`find_images`.

    Attributes:
        names: Name of the image of each row.
        row_numbers: Number of each row as its reader counts.
        paths: The file of each row, relative to the folder with ``/``; ``None`` if it is missing, ambiguous
            or unreadable.
        checksums: SHA-256 of the file of each row, in hexadecimal; ``None`` where ``paths`` is ``None``.
        missing: Rows without a file.
        ambiguous: Rows whose name may mean several files, or whose file has another row with another name.
        unreadable: Rows whose file cannot be decoded.
        repeated: Rows whose file an earlier row has.
        duplicates: Rows whose file has the same content as another file of an earlier row.
        unnamed: Image files that no row names, except those that start with a dot.
    """

    names: Sequence[str]
    row_numbers: Sequence[int]
    paths: list[str | None]
    checksums: list[str | None]
    missing: list[ImageProblem]
    ambiguous: list[ImageProblem]
    unreadable: list[ImageProblem]
    repeated: list[ImageProblem]
    duplicates: list[ImageProblem]
    unnamed: list[ImageProblem]

    @property
    def usable(self) -> np.ndarray:
        """Whether the image of each row was found and decoded, bool of shape (N,)."""
        return np.array([path is not None for path in self.paths], dtype=bool)

    @property
    def problems(self) -> dict[str, list[ImageProblem]]:
        """All lists of problems by their names, also the empty ones."""
        names = "missing", "ambiguous", "unreadable", "repeated", "duplicates", "unnamed"
        return {name: getattr(self, name) for name in names}

    def image_groups(self, *, by_content: bool = True) -> np.ndarray:
        """Return the index of the image of each row, int64 of shape (N,).

        Args:
            by_content: Whether files with the same content are one image.
        """
        return join_groups(self.checksums if by_content else self.paths)


def find_images(
    names: Sequence[str],
    folder: str | os.PathLike[str],
    *,
    row_numbers: Sequence[int] | None = None,
    num_workers: int | None = None,
    progress: bool = False,
) -> ImageFiles:
    """Find the image of each row of a table below a folder, decode it, and list all problems.

    :class:`ImageIndex` describes how names and files are compared. Two rows whose names differ in more than
    suffix and case never have one file: the row that does not have the exact path is ambiguous. Only regular
    files are opened.

    Args:
        names: Name of the image of each row.
        folder: The folder with the images.
        row_numbers: Number of each row in messages; by default its index + 2, which is the row of a
            spreadsheet whose first row is the header.
        num_workers: Number of processes that decode images; 0 for this process. By default, 0 for up to 1,000
            images, and else the number of CPUs.
        progress: Whether to show a progress bar.

    Returns:
        The files and the problems. Nothing is raised for a problem of an image.

    Raises:
        FileNotFoundError: If the folder does not exist.
        ValueError: If an argument is invalid, or a subfolder cannot be read.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> folder = tempfile.TemporaryDirectory()
        >>> Image.new('L', (2, 2)).save(Path(folder.name, 'a.png'))
        >>> files = find_images(['a', 'b.png'], folder.name)
        >>> files.paths, [problem.number for problem in files.missing]
        (['a.png', None], [3])
        >>> folder.cleanup()
    """
    row_numbers = range(2, len(names) + 2) if row_numbers is None else row_numbers
    if len(row_numbers) != len(names):
        raise ValueError(
            f"The 'row_numbers' argument of find_images must have one number for each of the {len(names)} "
            f"names. Got {len(row_numbers)} instead."
        )
    if num_workers is not None:
        check_integer("find_images", 0, num_workers=num_workers)
    index = ImageIndex(folder)
    cache: dict[str, ImageMatch] = {}
    matches = [cache[name] if name in cache else cache.setdefault(name, index.find(name)) for name in names]
    paths = [match.path for match in matches]
    named = {path for match in matches for path in match.candidates}
    files = ImageFiles(
        names=names,
        row_numbers=row_numbers,
        paths=paths,
        checksums=[None] * len(names),
        missing=[],
        ambiguous=[],
        unreadable=[],
        repeated=[],
        duplicates=[],
        unnamed=[
            ImageProblem(None, None, "", path, "no row names this image")
            for path in index.paths
            if path not in named and _is_visible_image(path)
        ],
    )
    _add_unmatched_rows(files, matches, index.folder)
    _add_conflicting_names(files)
    _decode(files, index.folder, num_workers, progress)
    _add_repetitions(files)
    return files


def join_image_rows(
    labels: LabelStore, files: ImageFiles, *, by_content: bool = False
) -> tuple[LabelStore, np.ndarray, list[ImageProblem]]:
    """Join the rows of each image: a label is known if it is known in one of the rows.

    Args:
        labels: The labels of all rows.
        files: The images of the rows. A row without a file is not joined with any other.
        by_content: Whether rows of different files with the same content are joined, too.

    Returns:
        The labels with one row per image, in which contradictory labels are unknown; the row of each image
        in ``labels``, int64 of shape (M,); and a problem for each contradiction.

    Raises:
        ValueError: If the numbers of rows differ.
    """
    if len(labels) != len(files.paths):
        raise ValueError(
            f"The 'labels' argument of join_image_rows must have the {len(files.paths)} rows of the images. "
            f"Got {len(labels)} instead."
        )
    groups = files.image_groups(by_content=by_content)
    rows, inverse = np.unique(groups, return_index=True, return_inverse=True)[1:]
    contradictions: list[ImageProblem] = []

    def contradict(class_index: int, positive: int, negative: int) -> int:
        earlier, later = sorted((positive, negative))
        label = int(later == positive)
        reason = (
            f"{labels.class_names[class_index]} is {label} here and {1 - label} in row "
            f"{files.row_numbers[earlier]} of the same image"
        )
        contradictions.append(_problem(files, later, reason))
        return -1

    joined = join_rows(labels, rows[inverse.reshape(-1)], contradict)
    return joined, rows, contradictions


def write_image_problems(
    problems: Mapping[str, Iterable[ImageProblem]], folder: str | os.PathLike[str]
) -> dict[str, Path]:
    """Write each list of problems as a CSV file with the columns row, name, path and reason.

    Args:
        problems: The problems by their kind, such as ``ImageFiles.problems``.
        folder: The folder for the files ``KIND.csv``, which is created if it is missing.

    Returns:
        The file of each kind that has a problem. No file is written for the others.

    Raises:
        OSError: If a file cannot be written.
    """
    written = {}
    for kind, of_kind in problems.items():
        rows = [
            ("" if item.number is None else item.number, item.name, item.path or "", item.reason)
            for item in of_kind
        ]
        if not rows:
            continue
        written[kind] = Path(folder) / f"{kind}.csv"
        text = "".join(map(csv_line, [("row", "name", "path", "reason"), *rows]))
        with atomic_write(written[kind], "wb") as file:
            # A file name that is not UTF-8 is written with escapes such as \udce9.
            file.write(text.encode("utf-8", "backslashreplace"))
    return written


def _is_visible_image(path: str) -> bool:
    name = path.rpartition("/")[2]
    return os.path.splitext(name)[1].lower() in IMAGE_ENDINGS and not name.startswith(".")


def _problem(files: ImageFiles, row: int, reason: str) -> ImageProblem:
    return ImageProblem(row, files.row_numbers[row], files.names[row], files.paths[row], reason)


def _add_unmatched_rows(files: ImageFiles, matches: Sequence[ImageMatch], folder: str) -> None:
    for row, match in enumerate(matches):
        if match.path is not None:
            continue
        if match.candidates:
            reason = f"{len(match.candidates)} files have this name: {_listed(match.candidates)}"
            files.ambiguous.append(_problem(files, row, reason))
        elif not name_key(files.names[row]):
            files.missing.append(_problem(files, row, "the name is empty"))
        else:
            similar = f" (a similar name: {_listed(match.similar)})" if match.similar else ""
            files.missing.append(_problem(files, row, f"no file below {folder} has this name{similar}"))


def _listed(paths: Sequence[str]) -> str:
    return ", ".join(paths[:_MOST_LISTED]) + (" ..." if len(paths) > _MOST_LISTED else "")


def _add_conflicting_names(files: ImageFiles) -> None:
    """Reject a file that rows name in different ways, except for the rows with its exact path."""
    spellings: dict[str, dict[str, list[int]]] = {}
    for row, path in enumerate(files.paths):
        if path is not None:
            spelling = without_suffix(name_key(files.names[row])).casefold()
            spellings.setdefault(path, {}).setdefault(spelling, []).append(row)
    for path, rows_of_spelling in spellings.items():
        if len(rows_of_spelling) == 1:
            continue
        exact = without_suffix(name_key(path)).casefold()
        for spelling, rows in rows_of_spelling.items():
            if spelling == exact:
                continue
            other = next(rows[0] for key, rows in rows_of_spelling.items() if key != spelling)
            reason = (
                f"{path} is the nearest file, but also that of row {files.row_numbers[other]} with the "
                f"different name {files.names[other]}"
            )
            for row in rows:
                files.ambiguous.append(_problem(files, row, reason))
                files.paths[row] = None
    files.ambiguous.sort(key=lambda problem: problem.row or 0)


def _decode(files: ImageFiles, folder: str, num_workers: int | None, progress: bool) -> None:
    unique = list(dict.fromkeys(path for path in files.paths if path is not None))
    full_paths = [os.path.join(folder, path) for path in unique]
    if num_workers is None:
        num_workers = 0 if len(unique) <= _FEW_IMAGES else os.cpu_count() or 1
    if num_workers == 0:
        results = list(_tracked(map(_checksum_or_problem, full_paths), len(unique), progress))
    else:
        with ProcessPoolExecutor(num_workers) as pool:
            # All tasks are submitted, and so all processes started, before the progress bar starts a thread.
            pending = pool.map(_checksum_or_problem, full_paths, chunksize=32)
            results = list(_tracked(pending, len(unique), progress))
    result_of_path = dict(zip(unique, results))
    for row, path in enumerate(files.paths):
        if path is None:
            continue
        files.checksums[row], reason = result_of_path[path]
        if reason is not None:
            files.unreadable.append(_problem(files, row, reason))
            files.paths[row] = None


def _tracked(
    results: Iterable[tuple[str | None, str | None]], total: int, progress: bool
) -> Iterable[tuple[str | None, str | None]]:
    return track(results, "reading images", total=total) if progress else results


def _checksum_or_problem(path: str) -> tuple[str | None, str | None]:
    """Return the SHA-256 of an image file, or else the reason why it is unreadable."""
    try:
        content = read_regular_file(path)
    except OSError as error:
        return None, f"a file that cannot be read ({error.strerror or error})"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about metadata
        problem = find_content_problem(content)
    return (None, problem) if problem else (hashlib.sha256(content).hexdigest(), None)


def _add_repetitions(files: ImageFiles) -> None:
    row_of_path: dict[str, int] = {}
    row_of_content: dict[str, int] = {}
    for row, (path, checksum) in enumerate(zip(files.paths, files.checksums)):
        if path is None or checksum is None:
            continue
        if path in row_of_path:
            reason = f"the same image as in row {files.row_numbers[row_of_path[path]]}"
            files.repeated.append(_problem(files, row, reason))
            continue
        row_of_path[path] = row
        first = row_of_content.setdefault(checksum, row)
        if first != row:
            reason = f"the same content as {files.paths[first]} in row {files.row_numbers[first]}"
            files.duplicates.append(_problem(files, row, reason))
