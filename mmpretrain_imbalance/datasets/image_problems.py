"""Why an image cannot be read: missing, no regular file, empty, truncated, broken, or too large."""

from __future__ import annotations

import io

import cv2
import numpy as np
from mmengine import fileio
from mmengine.dataset import BaseDataset
from PIL import Image

from ..utils.local_files import read_regular_file


def names_backend(dataset: BaseDataset) -> bool:
    """Return whether a config says that images are read through a storage backend of MMEngine.

    Args:
        dataset: A dataset whose ``data_root`` or ``data_prefix`` may be an address, such as ``s3://bucket``,
            and whose loader may have ``backend_args``.
    """
    prefixes = [dataset.data_root, *dataset.data_prefix.values()]
    return any("://" in str(prefix) for prefix in prefixes) or any(
        getattr(step, name, None)
        for step in dataset.pipeline.transforms
        for name in ("backend_args", "file_client_args")
    )


def find_image_problem(path: str, raised: Exception | None = None, uses_backend: bool = False) -> str | None:
    """Read and decode an image, and describe why it is unreadable.

    Args:
        path: A path, or a URL that MMEngine can read.
        raised: The error of the pipeline that read the image. If Pillow rejects an image because of its size,
            this is a problem only if OpenCV cannot read it either or the pipeline itself uses Pillow.
        uses_backend: Whether the path is read by a storage backend of MMEngine. Without one, only regular
            files are opened.

    Returns:
        ``'no such file'``, ``'an empty file'``, the message of the decoder, or ``None`` for a readable image.
    """
    try:
        content = fileio.get(path) if uses_backend else read_regular_file(path)
    except FileNotFoundError:
        return "no such file"
    except OSError as error:
        return f"a file that cannot be read ({error.strerror or error})"
    return find_content_problem(content, raised)


def find_content_problem(content: bytes, raised: Exception | None = None) -> str | None:
    """Decode the content of an image file, and describe why it is unreadable.

    Args:
        content: The bytes of the file.
        raised: As in ``find_image_problem``.

    Returns:
        ``'an empty file'``, the message of the decoder, or ``None`` for a readable image.
    """
    if not content:
        return "an empty file"
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
    except Image.DecompressionBombError as error:
        if not isinstance(raised, Image.DecompressionBombError) and _opencv_decodes(content):
            return None
        return f"an image that Pillow rejects because of its size ({error})"
    except (OSError, SyntaxError, ValueError) as error:
        return f"a truncated or broken image ({str(error).replace(repr(error), '').split(' <')[0]})"
    return None


def _opencv_decodes(content: bytes) -> bool:
    try:
        return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) is not None
    except cv2.error:
        return False
