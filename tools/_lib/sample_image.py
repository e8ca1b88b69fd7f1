"""The image of a sample as it is, before any transform of its pipeline."""

from __future__ import annotations

from typing import Any

import cv2
import mmcv
import numpy as np
from mmengine import fileio


def image_in_memory(info: dict[str, Any]) -> np.ndarray | None:
    """The pixels of a sample that is in memory.

    Args:
        info: What ``get_data_info`` says about it; a dataset of blue, green and red pixels says so there.

    Returns:
        The image, RGB or gray; ``None`` where it is in a file.
    """
    image = info.get("img")
    return image[:, :, ::-1] if info.get("channel_order") == "bgr" else image


def read_image(path: str) -> np.ndarray:
    """Read an image file.

    Args:
        path: A path, or a URL that MMEngine can read.

    Returns:
        The image, RGB.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be read or decoded.
    """
    expected, hint = "The image of a sample must be readable", "(Is 'data_root' or 'data_prefix' right?)"
    try:
        image = mmcv.imfrombytes(fileio.get(path))
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{expected}. Got no such file at {path} instead. {hint}") from error
    except OSError as error:
        raise ValueError(f"{expected}. Got {error.strerror or error} at {path} instead. {hint}") from error
    except cv2.error:  # an empty file, or one with more pixels than OpenCV takes
        image = None
    if image is None:
        raise ValueError(f"{expected}. Got what is no image at {path} instead.")
    return image[:, :, ::-1]  # BGR to RGB
