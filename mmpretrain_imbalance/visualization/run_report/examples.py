"""Selection of the known labels that a run predicted worst, and their images."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from ...metrics.known_predictions import KnownPredictions
from ...utils.local_files import read_regular_file


@dataclass(frozen=True)
class WrongLabel:
    """A known label that was predicted wrong.

    Attributes:
        image: Index of the image in the test set.
        class_name: Name of the class.
        score: Predicted probability.
        is_positive: Whether the label is positive, which makes it a false negative; otherwise it is a false
            positive.
        positives: Names of all known positive classes of the image.
        unknown: Names of the classes whose label is unknown for the image.
    """

    image: int
    class_name: str
    score: float
    is_positive: bool
    positives: list[str]
    unknown: list[str]


def worst_labels(
    predictions: KnownPredictions, positive: bool, count: int, max_per_class: int = 3
) -> list[WrongLabel]:
    """Find the positives with the lowest scores, or the negatives with the highest.

    Args:
        predictions: Predictions of a run.
        positive: True for false negatives, False for false positives.
        count: Maximum number of labels. There is at most one label per image.
        max_per_class: Maximum number of labels per class, so that a single bad class does not fill the list.

    Returns:
        The labels, worst first. Labels that are predicted correctly at the threshold 0.5 are excluded.

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
    chosen: list[WrongLabel] = []
    images: set[int] = set()
    chosen_per_class: dict[int, int] = {}
    for element in order.tolist():
        image, class_index = int(predictions.images[element]), int(predictions.classes[element])
        if len(chosen) == count:
            break
        if image in images or chosen_per_class.get(class_index, 0) >= max_per_class:
            continue
        images.add(image)
        chosen_per_class[class_index] = chosen_per_class.get(class_index, 0) + 1
        chosen.append(_wrong_label(predictions, element, positive))
    return chosen


def embedded_image(image: np.ndarray | str, size: int = 480) -> str:
    """Encode an image as a data URL for an HTML page, and reduce its size if it is large.

    Args:
        image: A path, or an array of shape (H, W), (H, W, 1) or (H, W, 3) with channels in BGR order.
        size: Maximum length of the longer side in pixels.

    Returns:
        The data URL.

    Raises:
        OSError: If the file does not exist or cannot be read.
        ValueError: If the image cannot be decoded or resized.
    """
    try:
        array = _decoded(image) if isinstance(image, str) else np.asarray(image)
        return _data_url(array, size)
    except (cv2.error, TypeError) as error:  # too large, or an invalid number of channels
        found = repr(image) if isinstance(image, str) else f"an array of shape {np.shape(image)}"
        raise ValueError(
            f"The 'image' argument of embedded_image must be an image. Got {found} instead "
            f"({' '.join(str(error).split())})."
        ) from error


def _decoded(path: str) -> np.ndarray:
    # cv2.imread fails for paths that are not valid UTF-8.
    content = np.frombuffer(read_regular_file(path), np.uint8)
    array = cv2.imdecode(content, cv2.IMREAD_COLOR) if len(content) else None
    if array is None:
        raise ValueError(f"The 'image' argument of embedded_image must be an image. Got {path!r} instead.")
    return array


def _data_url(array: np.ndarray, size: int) -> str:
    array = np.clip(array, 0, 255).astype(np.uint8)
    array = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    array = array[..., 2::-1] if array.ndim == 3 else array
    scale = min(1, size / max(array.shape[:2]))
    sides = tuple(max(1, round(scale * side)) for side in array.shape[1::-1])
    array = cv2.resize(np.ascontiguousarray(array), sides, interpolation=cv2.INTER_AREA)
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, format="webp", quality=70)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def listed(names: Sequence[str], max_names: int = 6) -> str:
    """Join names with commas; beyond a maximum, give only the number of further names."""
    more = f" and {len(names) - max_names} more" if len(names) > max_names else ""
    return ", ".join(names[:max_names]) + more


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
