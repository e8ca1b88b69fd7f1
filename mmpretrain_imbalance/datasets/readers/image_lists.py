"""Lists of the images of a split."""

from __future__ import annotations

import os

from ..annotations.content import open_text
from ..annotations.errors import AnnotationErrors


def read_listed_images(path: str | os.PathLike, faults: AnnotationErrors) -> dict[str, int]:
    """Read a text file with an image name a line.

    Args:
        path: The list.
        faults: Where names are noted that are there again; each comes back once.

    Returns:
        The names, in their order, with the number of their line.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not in UTF-8.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f"The list of images must be an existing file. Got {path} instead.")
    lines: dict[str, int] = {}
    with open_text(os.fspath(path)) as file:
        for number, line in enumerate(file, 1):
            name = line.strip()
            if name in lines:
                expected = f"an image that is not in line {lines[name]} already"
                faults.add(f"line {number}", "image", expected, name)
            elif name:
                lines[name] = number
    return lines
