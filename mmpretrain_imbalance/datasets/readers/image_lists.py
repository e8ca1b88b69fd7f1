"""Reader of image lists, such as those of a split."""

from __future__ import annotations

import os

from ..annotations.content import open_text
from ..annotations.errors import AnnotationErrors


def read_listed_images(path: str | os.PathLike[str], errors: AnnotationErrors) -> dict[str, int]:
    """Read a text file with one image name per line.

    Args:
        path: The list.
        errors: Collector to which repeated names are added as errors.

    Returns:
        The different names, in their order, with their line numbers.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not in UTF-8.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f"The list of images must be an existing file. Got {path} instead.")
    lines: dict[str, int] = {}
    with open_text(os.fspath(path)) as file:
        for number, line in enumerate(file, 1):
            name = line.strip()
            if name in lines:
                expected = f"an image that is not already in line {lines[name]}"
                errors.add(f"line {number}", "image", expected, name)
            elif name:
                lines[name] = number
    return lines
