"""Test pipeline of a config for image files and arrays, which reports invalid images without raising."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import DefaultScope
from mmpretrain.registry import TRANSFORMS
from PIL import Image

from ..utils.argument_checks import type_name
from ..utils.local_files import check_regular_file

# These transforms need labels, which images for prediction do not have.
_LABEL_TRANSFORMS = ("DifficultAsUnknown",)


class PreparedImage(NamedTuple):
    """Output of the pipeline for one image, or the reason why the image cannot be used.

    Attributes:
        data: Output of the pipeline, with 'inputs' and 'data_samples'; None for an invalid image.
        fault: Reason why the image cannot be used; None for a valid image.
    """

    data: dict[str, Any] | None
    fault: str | None


class ImagePipeline:
    """Test pipeline of a config, applied to single images.

    Gray, color and CMYK files are decoded to the number of channels of the model, by the decoder of the
    config. For an invalid image, the reason is returned and nothing is raised, so that one image cannot stop
    a long job.

    Args:
        cfg: Config with a pipeline in ``test_dataloader`` or, without that, in ``val_dataloader``.
        channels: Number of input channels of the model, 1 or 3.
        max_pixels: Maximum number of pixels (height times width) of an image after the pipeline. Larger
            images are invalid.

    Raises:
        ValueError: If the config has no test pipeline.
    """

    def __init__(self, cfg: Config, channels: int = 3, max_pixels: int = 2**24) -> None:
        transforms = _test_pipeline(cfg)
        self.channels = channels
        self.max_pixels = max_pixels
        is_loader = [type_name(transform["type"]).startswith("LoadImage") for transform in transforms]
        kept = [transform for transform, loads in zip(transforms, is_loader) if not loads]
        loader = dict(type="LoadImageFromFile", color_type="grayscale" if channels == 1 else "color")
        if any(is_loader):
            loader = transforms[is_loader.index(True)]
        with DefaultScope.overwrite_default_scope("mmpretrain"):
            self._load = TRANSFORMS.build(loader)
            self._prepare = Compose([TRANSFORMS.build(transform) for transform in kept])

    def __call__(self, image: str | os.PathLike[str] | np.ndarray) -> PreparedImage:
        """Load and transform one image.

        Args:
            image: A path, or an array with values from 0 to 255 of shape (H, W), (H, W, 1), (H, W, 3) with
                channels in BGR order, or (H, W, 4) with an alpha channel, which is dropped.

        Returns:
            The input of the model, or the reason why the image cannot be used.
        """
        loaded = False
        try:
            if isinstance(image, np.ndarray):
                array = self._with_channels(image)
                results = dict(img=array, img_shape=array.shape[:2], ori_shape=array.shape[:2])
            else:
                if fault := file_fault(os.fspath(image)):
                    return PreparedImage(None, fault)
                results = self._load(dict(img_path=os.fspath(image)))
            loaded = True
            data = None if results is None else self._prepare(results)
        except Exception as error:  # decoders and transforms may raise any exception
            reason = f"the test pipeline raised {type(error).__name__}" if loaded else "decoding failed"
            reason = "invalid array" if isinstance(image, np.ndarray) and not loaded else reason
            return PreparedImage(None, f"{reason}: {' '.join(str(error).split())}"[:300])
        if data is None:
            return PreparedImage(None, "the test pipeline returned no data")
        height, width = data["inputs"].shape[-2:]
        if height * width > self.max_pixels:
            fault = f"{height} x {width} pixels after the test pipeline are more than max_pixels="
            fault += f"{self.max_pixels}. Add a Resize to the test pipeline or increase max_pixels"
            return PreparedImage(None, fault)
        return PreparedImage(data, None)

    def _with_channels(self, image: np.ndarray) -> np.ndarray:
        if (
            image.ndim not in (2, 3)
            or (image.ndim == 3 and image.shape[2] not in (1, 3, 4))
            or not image.size
        ):
            raise ValueError(
                "An image array must have the shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4). "
                f"Got {image.shape} instead."
            )
        _check_values(image)
        # OpenCV supports few other types.
        image = image.astype(np.uint8 if image.dtype.kind in "iu" else np.float32)
        image = image[..., None] if image.ndim == 2 else image[..., :3]
        if image.shape[2] == self.channels:
            return image
        return image.repeat(3, axis=2) if self.channels == 3 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


def _check_values(image: np.ndarray) -> None:
    """Raise unless the values are in [0, 255]; the predictions for other values would be wrong."""
    if image.dtype == np.uint8:
        return
    if image.dtype.kind not in "iuf":
        raise ValueError(f"An image array must contain numbers. Got {image.dtype} instead.")
    if image.dtype.kind == "f" and not np.isfinite(image).all():
        raise ValueError("An image array must contain finite numbers. Got NaN or infinity instead.")
    low, high = image.min(), image.max()
    if low < 0 or high > 255:
        raise ValueError(f"An image array must have values from 0 to 255. Got {low:g} to {high:g} instead.")
    if high <= 1 and (image % 1).any():
        raise ValueError(
            f"An image array must have values from 0 to 255. Got fractions from {low:g} to {high:g} instead. "
            "Multiply them by 255."
        )


def file_fault(path: str) -> str | None:
    """Check an image file for missing, truncated or broken content.

    OpenCV fills the missing part of a truncated file with gray and raises no error. A JPEG file is therefore
    checked for its end marker, and any other file is decoded by Pillow.

    Args:
        path: Path of the file.

    Returns:
        The reason why the file cannot be used, or None.

    Example:
        >>> file_fault("nowhere.jpg")
        'no such file'
    """
    if os.path.isdir(path):
        return "not a regular file"
    try:
        check_regular_file(path)
        with open(path, "rb") as file:
            start = file.read(2)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 2, 0))
            end = file.read()
    except FileNotFoundError:
        return "no such file"
    except OSError as error:
        return f"a file that cannot be read ({error.strerror or error})"
    if not size:
        return "an empty file"
    if (start, end) == (b"\xff\xd8", b"\xff\xd9"):
        return None
    try:
        with Image.open(path) as image:
            image.load()
    except Image.DecompressionBombError:
        return None  # above the size limit of Pillow; the decoder of the config has its own limit
    except (EOFError, OSError, SyntaxError, ValueError) as error:
        reason = str(error).split(" <")[0].replace(f" {path!r}", "")
        return f"a truncated or broken image ({reason})"
    return None


def _test_pipeline(cfg: Config) -> list[dict[str, Any]]:
    for name in ("test_dataloader", "val_dataloader"):
        node = (cfg.get(name) or {}).get("dataset")
        while node is not None:
            if node.get("pipeline") is not None:
                return [step for step in node["pipeline"] if type_name(step["type"]) not in _LABEL_TRANSFORMS]
            node = node.get("dataset")  # a wrapper, such as SimulatePartialLabels
    raise ValueError(
        "The config of MultiLabelInferencer must have a pipeline in test_dataloader.dataset. "
        "Got none instead."
    )
