"""Picture with lines of text below it, such as labels and scores."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..utils.local_files import read_regular_file


def labeled_picture(path: str | os.PathLike[str], lines: Sequence[str], size: int = 640) -> Image.Image:
    """Scale a picture down and write lines of text below it.

    Args:
        path: Path of the image file.
        lines: Lines of text, such as one label with its score per line. Long lines are cut.
        size: Maximum length of the longer side of the picture in pixels.

    Returns:
        The picture with the text below it, at least 320 pixels wide.

    Raises:
        OSError: If the file does not exist or cannot be read.
        ValueError: If the file cannot be decoded.
    """
    # cv2.imread fails for paths that are not valid UTF-8.
    content = np.frombuffer(read_regular_file(path), np.uint8)
    array = cv2.imdecode(content, cv2.IMREAD_COLOR) if len(content) else None
    if array is None:
        raise ValueError(
            f"The 'path' argument of labeled_picture must be an image file that can be decoded. "
            f"Got {str(path)!r} instead."
        )
    scale = min(size / max(array.shape[:2]), max(1.0, 160 / max(array.shape[:2])))
    width, height = (max(1, round(scale * side)) for side in array.shape[1::-1])
    array = cv2.resize(
        array, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    )
    font = ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), 14)
    page = Image.new("RGB", (max(width, 320), height + 8 + 20 * len(lines)), "white")
    page.paste(Image.fromarray(np.ascontiguousarray(array[..., ::-1])))
    draw = ImageDraw.Draw(page)
    for row, line in enumerate(lines):
        draw.text((6, height + 4 + 20 * row), line[:200], fill="black", font=font)
    return page
