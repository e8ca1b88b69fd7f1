"""Original image of a sample, before the transforms of the pipeline."""

from __future__ import annotations

from typing import Any

import cv2
import mmcv
import numpy as np
from mmengine import fileio

from mmpretrain_imbalance.utils.local_files import read_regular_file


def image_in_memory(info: dict[str, Any]) -> np.ndarray | None:
    """Return the image of a sample that the dataset holds in memory.

    Args:
        info: Result of ``get_data_info``. Its ``channel_order`` is 'bgr' if the channels are blue, green,
            red.

    Returns:
        The image, RGB or gray; ``None`` if the image is in a file.
    """
    image = info.get("img")
    return image[:, :, ::-1] if info.get("channel_order") == "bgr" else image


def read_image(path: str, uses_backend: bool = False) -> np.ndarray:
    """Read an image file.

    Args:
        path: Path of the image.
        uses_backend: Whether the config names a storage backend of MMEngine, which reads the path.

    Returns:
        The RGB image.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file cannot be read or decoded.
    """
    expected = f"The image of a sample must be a readable file. Got {path!r} instead"
    hint = "Check 'data_root' and 'data_prefix'."
    try:
        image = mmcv.imfrombytes(fileio.get(path) if uses_backend else read_regular_file(path))
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{expected}, which does not exist. {hint}") from error
    except OSError as error:
        raise ValueError(f"{expected}: {error.strerror or error}. {hint}") from error
    except cv2.error:  # an empty file, or more pixels than OpenCV accepts
        image = None
    if image is None:
        raise ValueError(f"{expected}, which cannot be decoded as an image.")
    return image[:, :, ::-1]  # BGR to RGB
