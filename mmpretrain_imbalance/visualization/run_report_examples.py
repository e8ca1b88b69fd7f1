"""The known labels that a run got most wrong, with their images."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from ..metrics.known_predictions import KnownPredictions


@dataclass(frozen=True)
class WrongLabel:
    """A known label of an image that was predicted wrong.

    Attributes:
        image: The image, its place in the set.
        class_name: The class.
        score: What was predicted.
        is_positive: Whether the label is positive: a false negative, else a false positive.
        positives: Names of all known positives of the image.
        unknown: Names of the classes that are unknown at this image.
    """

    image: int
    class_name: str
    score: float
    is_positive: bool
    positives: list[str]
    unknown: list[str]


def worst_labels(
    predictions: KnownPredictions, positive: bool, count: int, of_a_class: int = 3
) -> list[WrongLabel]:
    """Find the positives with the lowest scores, or the negatives with the highest.

    Args:
        predictions: What a run predicted.
        positive: True for false negatives, False for false positives.
        count: How many at most; one an image.
        of_a_class: How many of one class at most, so that one bad class does not hide the others.

    Returns:
        The labels, the worst first. Those whose score lies on the right side of 0.5 are not wrong and left
        out.

    Example:
        >>> elements = [np.array(column) for column in ([0, 1], [0, 0], [0.9, 0.2], [0, 1])]
        >>> worst_labels(KnownPredictions(["cat", "dog"], 2, *elements), positive=False, count=5)
        [WrongLabel(image=0, class_name='cat', score=0.9, is_positive=False, positives=[], unknown=['dog'])]
    """
    candidates = np.flatnonzero(predictions.labels == (1 if positive else 0))
    scores = predictions.scores[candidates]
    candidates = candidates[scores < 0.5] if positive else candidates[scores >= 0.5]
    scores = predictions.scores[candidates]
    order = candidates[np.argsort(scores if positive else -scores, kind="stable")]
    chosen, images, of_class = [], set(), {}
    for element in order:
        image, class_index = int(predictions.images[element]), int(predictions.classes[element])
        if len(chosen) == count:
            break
        if image in images or of_class.get(class_index, 0) >= of_a_class:
            continue
        images.add(image)
        of_class[class_index] = of_class.get(class_index, 0) + 1
        chosen.append(_wrong_label(predictions, element, positive))
    return chosen


def thumbnail(image: np.ndarray | str, size: int = 112) -> str:
    """A small picture as a data URL that a page can hold.

    Args:
        image: A path, or an array of shape (H, W), (H, W, 1) or, blue first, (H, W, 3).
        size: Its longer side in pixels.

    Returns:
        The URL.

    Raises:
        OSError: If there is no such file.
        ValueError: If it cannot be decoded or drawn.
    """
    try:
        array = _decoded(image) if isinstance(image, str) else np.asarray(image)
        return _data_url(array, size)
    except (cv2.error, TypeError) as error:  # too large, or of channels that are no picture
        what = repr(image) if isinstance(image, str) else f"an array of shape {np.shape(image)}"
        raise ValueError(
            f"The 'image' argument of thumbnail must be an image. Got {what} instead "
            f"({' '.join(str(error).split())})."
        ) from error


def _decoded(path: str) -> np.ndarray:
    content = np.fromfile(path, np.uint8)  # imread crashes at names that are no UTF-8
    array = cv2.imdecode(content, cv2.IMREAD_COLOR) if len(content) else None
    if array is None:
        raise ValueError(f"The 'image' argument of thumbnail must be an image. Got {path!r} instead.")
    return array


def _data_url(array: np.ndarray, size: int) -> str:
    array = np.clip(array, 0, 255).astype(np.uint8)
    array = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    array = array[..., 2::-1] if array.ndim == 3 else array
    scale = size / max(array.shape[:2])
    sides = tuple(max(1, round(scale * side)) for side in array.shape[1::-1])
    array = cv2.resize(
        np.ascontiguousarray(array), sides, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    )
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, format="webp", quality=70)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def listed(names: Sequence[str], most: int = 6) -> str:
    """Some names in a line, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _wrong_label(predictions: KnownPredictions, element: int, positive: bool) -> WrongLabel:
    of_image = predictions.images == predictions.images[element]
    labels = dict(zip(predictions.classes[of_image].tolist(), predictions.labels[of_image].tolist()))
    names = predictions.class_names
    return WrongLabel(
        image=int(predictions.images[element]),
        class_name=names[predictions.classes[element]],
        score=round(float(predictions.scores[element]), 4),
        is_positive=positive,
        positives=[names[index] for index, label in sorted(labels.items()) if label == 1],
        unknown=[name for index, name in enumerate(names) if index not in labels],
    )
