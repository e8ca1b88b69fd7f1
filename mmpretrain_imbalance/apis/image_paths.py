"""Search for image files in folders and by patterns, in a reproducible order."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from pathlib import Path

from ..datasets.image_index import IMAGE_ENDINGS


def image_paths(inputs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[str]:
    """List image files of folders, patterns and paths, each file once.

    - A folder is replaced by the image files in it and in its subfolders, sorted by path. Image files are
      recognized by their suffix, and links to folders are not followed.
    - A pattern with ``*``, ``?`` or ``[...]`` (``**`` for any depth) is replaced by its matches, sorted.
    - Any other path is kept, even if the file does not exist: errors of a file are reported when it is read.

    Args:
        inputs: A file, a folder or a pattern, or several of these.

    Returns:
        The paths in the order of the inputs. A repeated path is kept at its first position only.

    Raises:
        ValueError: If a folder has no image or cannot be read, or a pattern matches no file.

    Example:
        >>> image_paths(["b.jpg", "a.jpg", "b.jpg"])
        ['b.jpg', 'a.jpg']
    """
    items: Iterable[str | os.PathLike[str]]
    items = [inputs] if isinstance(inputs, (str, os.PathLike)) else inputs
    paths: dict[str, None] = {}
    for item in items:
        paths.update(dict.fromkeys(_files(os.fspath(item))))
    return list(paths)


def _files(item: str) -> list[str]:
    if os.path.isdir(item):
        files = [
            os.path.join(folder, name)
            for folder, _, names in os.walk(item, onerror=_raise)
            for name in names
            if Path(name).suffix.lower() in IMAGE_ENDINGS
        ]
        if not files:
            endings = " ".join(sorted(IMAGE_ENDINGS))
            raise ValueError(
                f"Each folder in the 'inputs' argument of image_paths must contain images ({endings}). "
                f"Got {item!r} without images instead."
            )
        return sorted(files)
    if not glob.has_magic(item) or os.path.lexists(item):
        return [item]
    matches = sorted(path for path in glob.glob(item, recursive=True) if os.path.isfile(path))
    if not matches:
        raise ValueError(
            "Each pattern in the 'inputs' argument of image_paths must match at least one file. "
            f"Got {item!r} without a match instead."
        )
    return matches


def _raise(error: OSError) -> None:
    """Raise for an unreadable folder; by default, os.walk would skip it and its images silently."""
    raise ValueError(
        f"Each folder in the 'inputs' argument of image_paths must be readable. Got {error.filename!r} "
        f"({error.strerror}) instead."
    ) from error
