"""Image files below a folder, found by the names that a table gives them."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from posixpath import normpath
from typing import NamedTuple

#: Endings of the file names that are treated as images, in lower case.
IMAGE_ENDINGS = frozenset(
    {".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)


class ImageMatch(NamedTuple):
    """Files that a name of a table may mean.

    Attributes:
        path: The file, relative to the folder; ``None`` if there is none, or more than one.
        candidates: All files that the name may mean equally well.
        similar: If there is no candidate, files with the same last part of the name in another folder, or
            with the same number: spreadsheets turn ``000003`` into ``3``.
    """

    path: str | None
    candidates: list[str]
    similar: list[str]


class ImageIndex:
    r"""Files below a folder, found by names as people and programs write them.

    A name is compared with the files in five ways, until one of them has a result: as it is written; with
    ``/`` for the backslash, without a drive such as ``C:``, and in the Unicode normal form NFC; then also
    without the suffix of the file; without regard to case; and without both. In each of them, the name may be

    1. the path relative to the folder,
    2. the last part of a path, so that ``a.jpg`` means ``2020/a.jpg``,
    3. a path after some leading folders that do not exist below the folder: ``C:\photos\a.jpg`` means
       ``a.jpg``.

    If several files match equally well, none of them is chosen.

    Args:
        folder: The folder. Links to files and folders are followed.

    Attributes:
        paths: All files, relative to the folder with ``/``, sorted.

    Raises:
        FileNotFoundError: If the folder does not exist.
        ValueError: If a subfolder cannot be read.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> Path(folder.name, 'Cat 1.JPG').touch()
        >>> ImageIndex(folder.name).find('D:/export/cat 1').path
        'Cat 1.JPG'
        >>> folder.cleanup()
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = os.fspath(folder)
        if not os.path.isdir(self.folder):
            raise FileNotFoundError(
                f"The 'folder' argument of ImageIndex must be an existing folder. Got "
                f"{self.folder!r} instead."
            )
        self.paths = sorted(_files_below(self.folder))
        self._by_path: dict[int, dict[str, list[str]]] = {}
        self._by_tail: dict[int, dict[str, list[str]]] = {}
        self._folders: dict[int, set[str]] = {}

    def find(self, name: str) -> ImageMatch:
        r"""Find the file that a name means.

        Args:
            name: The name, with ``/`` or ``\``, with or without suffix and leading folders.

        Returns:
            The file, or the candidates if the name is ambiguous.
        """
        for way, (of_name, _) in enumerate(_WAYS):
            key = of_name(name)
            if not key:
                break
            candidates = self._candidates(way, key)
            if candidates:
                return ImageMatch(candidates[0] if len(candidates) == 1 else None, candidates, [])
        last = len(_WAYS) - 1
        last_part = _WAYS[last][1](name_key(name)).rpartition("/")[2]
        similar = self._tails(last).get(last_part, []) if last_part else []
        if not similar and last_part.isdecimal():
            similar = self._numbers.get(last_part.lstrip("0"), [])
        return ImageMatch(None, [], similar)

    @cached_property
    def _numbers(self) -> dict[str, list[str]]:
        """Files whose names are numbers, by the number without leading zeros."""
        numbers: dict[str, list[str]] = {}
        for path in self.paths:
            stem = os.path.splitext(os.path.basename(path))[0]
            if stem.isdecimal():
                numbers.setdefault(stem.lstrip("0"), []).append(path)
        return numbers

    def _candidates(self, way: int, key: str) -> list[str]:
        if way not in self._by_path:
            of_file = _WAYS[way][1]
            keys: dict[str, list[str]] = {}
            for path in self.paths:
                keys.setdefault(of_file(path), []).append(path)
            self._by_path[way] = keys
            self._folders[way] = {path.partition("/")[0] for path in keys if "/" in path}
        by_path = self._by_path[way]
        if key in by_path:
            return by_path[key]
        by_tail = self._tails(way)
        if key in by_tail:
            return by_tail[key]
        first, _, rest = key.partition("/")
        if first in self._folders[way]:
            return []  # the name is that of a file which is missing in an existing folder
        while rest:
            if rest in by_path:
                return by_path[rest]
            rest = rest.partition("/")[2]
        return []

    def _tails(self, way: int) -> dict[str, list[str]]:
        if way not in self._by_tail:
            of_file = _WAYS[way][1]
            keys: dict[str, list[str]] = {}
            for path in self.paths:
                tail = of_file(path).partition("/")[2] or of_file(path)
                while tail:
                    keys.setdefault(tail, []).append(path)
                    tail = tail.partition("/")[2]
            self._by_tail[way] = keys
        return self._by_tail[way]


def name_key(name: str) -> str:
    r"""Return a name with ``/``, in the normal form NFC, without drive, leading slashes and repetitions.

    Args:
        name: The name of an image in a table.

    Returns:
        A relative path; empty for a name without any part.

    Example:
        >>> name_key(r' C:\photos\.\a.jpg'), name_key('/a//b.png'), name_key('./')
        ('photos/a.jpg', 'a/b.png', '')
    """
    key = unicodedata.normalize("NFC", name.strip()).replace("\\", "/")
    key = normpath(re.sub(r"^(file:)?/*([A-Za-z]:(?=/))?/*", "", key))
    return "" if key == "." else key


def without_suffix(path: str) -> str:
    """Return a path without its suffix, if this is one of ``IMAGE_ENDINGS``.

    Args:
        path: The path.

    Returns:
        The path or its beginning.

    Example:
        >>> without_suffix('a/b.JPG'), without_suffix('scan.2020')
        ('a/b', 'scan.2020')
    """
    stem, suffix = os.path.splitext(path)
    return stem if suffix.lower() in IMAGE_ENDINGS else path


def _nfc(path: str) -> str:
    return unicodedata.normalize("NFC", path)


# How a name and the path of a file become comparable, from the strictest way to the least strict.
_WAYS: tuple[tuple[Callable[[str], str], Callable[[str], str]], ...] = (
    (lambda name: name, lambda path: path),
    (name_key, _nfc),
    (name_key, lambda path: without_suffix(_nfc(path))),
    (lambda name: name_key(name).casefold(), lambda path: _nfc(path).casefold()),
    (lambda name: name_key(name).casefold(), lambda path: without_suffix(_nfc(path)).casefold()),
)


def _files_below(folder: str) -> list[str]:
    files = []
    visited = set()
    for parent, folders, names in os.walk(folder, onerror=_raise, followlinks=True):
        status = os.stat(parent)
        if (status.st_dev, status.st_ino) in visited:  # a link to one of its own parents
            folders.clear()
            continue
        visited.add((status.st_dev, status.st_ino))
        folders.sort()
        relative = os.path.relpath(parent, folder)
        files += [Path(relative, name).as_posix() for name in names]
    return files


def _raise(error: OSError) -> None:
    """Raise for an unreadable folder; by default, os.walk would skip it and its images silently."""
    raise ValueError(
        f"Each subfolder of the 'folder' argument of ImageIndex must be readable. Got {error.filename!r} "
        f"({error.strerror}) instead."
    ) from error
