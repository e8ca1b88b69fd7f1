"""The test pipeline of a config, for image files and arrays that may be anything."""

from __future__ import annotations

import os
from typing import NamedTuple

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import DefaultScope
from mmpretrain.registry import TRANSFORMS
from PIL import Image

from ..utils.argument_checks import type_name

# These look at labels, which an image to predict does not have.
_LABEL_TRANSFORMS = ("DifficultAsUnknown",)


class PreparedImage(NamedTuple):
    """What the pipeline made of an image, or why it could not.

    Attributes:
        data: What the pipeline returned, with 'inputs' and 'data_samples'; None for a broken image.
        fault: What is wrong; None for a sound image.
    """

    data: dict | None
    fault: str | None


class ImagePipeline:
    """Reads and prepares one image as the test dataset of a config would.

    Gray, color and CMYK files are decoded to the channels that the model takes, by the decoder that the
    config names. An image that cannot be used is described, not raised: one of a million must not end a job.

    Args:
        cfg: The config; its ``test_dataloader`` (or else ``val_dataloader``) holds the pipeline.
        channels: How many channels the model takes: 1 or 3.
        max_pixels: Height times width, after the pipeline, beyond which an image counts as broken.

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

    def __call__(self, image: str | os.PathLike | np.ndarray) -> PreparedImage:
        """Prepare one image.

        Args:
            image: A path; or an array from 0 to 255 of shape (H, W), (H, W, 1), (H, W, 3) in the order blue,
                green, red, or (H, W, 4) with an alpha channel, which is dropped.

        Returns:
            The image for the model, or its fault.
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
        except Exception as error:  # whatever a decoder or a transform of the config may raise
            what = f"the test pipeline fails: {type(error).__name__}" if loaded else "it cannot be decoded"
            what = "not an image" if isinstance(image, np.ndarray) and not loaded else what
            return PreparedImage(None, f"{what}: {' '.join(str(error).split())}"[:300])
        if data is None:
            return PreparedImage(None, "an image that the test pipeline leaves out")
        height, width = data["inputs"].shape[-2:]
        if height * width > self.max_pixels:
            fault = f"an image of {height} x {width} pixels after the test pipeline, more than the "
            fault += f"{self.max_pixels} of max_pixels: a Resize in the pipeline makes it smaller"
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
        # OpenCV knows few other types.
        image = image.astype(np.uint8 if image.dtype.kind in "iu" else np.float32)
        image = image[..., None] if image.ndim == 2 else image[..., :3]
        if image.shape[2] == self.channels:
            return image
        return image.repeat(3, axis=2) if self.channels == 3 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


def _check_values(image: np.ndarray) -> None:
    """Refuse values that are no brightness from 0 to 255; the model would answer, and wrongly."""
    if image.dtype == np.uint8:
        return
    if image.dtype.kind not in "iuf":
        raise ValueError(f"An image array must hold numbers. Got {image.dtype} instead.")
    if image.dtype.kind == "f" and not np.isfinite(image).all():
        raise ValueError("An image array must hold finite numbers. Got NaN or infinity instead.")
    low, high = image.min(), image.max()
    if low < 0 or high > 255:
        raise ValueError(f"An image array must hold values from 0 to 255. Got {low:g} to {high:g} instead.")
    if high <= 1 and (image % 1).any():
        raise ValueError(
            f"An image array must hold values from 0 to 255. Got fractions from {low:g} to {high:g} instead: "
            "multiply by 255."
        )


def file_fault(path: str) -> str | None:
    """Say what is wrong with an image file, without decoding a JPEG that has its end.

    A decoder fills what is missing of a truncated file with gray and says nothing, so the end is looked for.

    Args:
        path: The file.

    Returns:
        The fault, or None.

    Example:
        >>> file_fault("nowhere.jpg")
        'no such file'
    """
    if os.path.exists(path) and not os.path.isfile(path):
        return "no regular file"  # a folder, or a pipe, which would be waited for
    try:
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
        return None  # so large that Pillow suspects an attack; the decoder of the config has its own limit
    except (EOFError, OSError, SyntaxError, ValueError) as error:
        reason = str(error).split(" <")[0].replace(f" {path!r}", "")
        return f"a truncated or broken image ({reason})"
    return None


def _test_pipeline(cfg: Config) -> list[dict]:
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
