"""Which labels an image has."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.device import get_device
from rich.progress import track
from torch import nn
from torch.utils.data import DataLoader

from ..functional.metrics.predicted_labels import labels_above, top_labels
from .chosen_thresholds import chosen_thresholds
from .image_inputs import Image, list_images
from .image_pipeline import ImagePipeline, PreparedImage
from .image_prediction import ImagePrediction
from .trained_model import load_trained_model


class MultiLabelInferencer:
    """Predicts all labels of images whose score reaches the threshold of the class.

    The images go through the test pipeline of the config, so the scores are those of ``tools/test.py``. An
    image that cannot be read is reported in its own result; the others are not affected. The result of an
    image does not depend on what else is in its batch, beyond the rounding of the device.

    Args:
        model: Path of a config, a config, or a model that MMPretrain's ``get_model`` made.
        weights: Path of a checkpoint; None to keep the weights of a model that is given.
        thresholds: A label is predicted where its score reaches the threshold: one number, a list with one
            per class, values by class name, or a file of ``BestThresholdsHook`` or
            ``tools/tune_thresholds.py``. None takes those of the head of the config, of the checkpoint, or
            0.5, see :func:`chosen_thresholds`; ``threshold_source`` says which.
        topk: Where given, the k labels with the highest scores are listed as well.
        classes: Names of the classes; None takes those of the checkpoint, or of the config.
        device: Where to compute; None takes a GPU where there is one.
        batch_size: How many images at once; fewer where they are large.
        num_workers: Processes that read and prepare images; 0 for this one.
        max_pixels: Most pixels, after the test pipeline, that go through the model at once. A larger image
            counts as broken: memory would end before the job.

    Attributes:
        class_names: Names of the classes.
        thresholds: Threshold of each class, of shape (C,).
        threshold_source: 'argument', 'head', 'checkpoint' or 'default'.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If the checkpoint does not fit the config, names or thresholds do not fit the classes, or
            a number is out of its range.
    """

    def __init__(
        self,
        model: str | os.PathLike | Config | nn.Module,
        weights: str | os.PathLike | None = None,
        *,
        thresholds: float | Sequence[float] | Mapping[str, float] | str | os.PathLike | None = None,
        topk: int | None = None,
        classes: Sequence[str] | None = None,
        device: str | torch.device | None = None,
        batch_size: int = 32,
        num_workers: int = 0,
        max_pixels: int = 2**24,
    ) -> None:
        _check_at_least("batch_size", batch_size, 1)
        _check_at_least("num_workers", num_workers, 0)
        _check_at_least("max_pixels", max_pixels, 1)
        if topk is not None:
            _check_at_least("topk", topk, 1)
        is_module = isinstance(model, nn.Module)
        trained = load_trained_model(model, weights, device or (None if is_module else get_device()))
        self.model, self.cfg = trained.model, trained.cfg
        self.topk, self.batch_size, self.num_workers = topk, batch_size, num_workers
        self.max_pixels = max_pixels
        self.class_names = self._class_names(classes, trained.class_names)
        self.thresholds, self.threshold_source = chosen_thresholds(
            thresholds,
            getattr(self.model, "head", None),
            trained.thresholds,
            self.class_names,
            type(self).__name__,
            trained.class_names,
        )
        self.pipeline = ImagePipeline(self.cfg, input_channels(self.model), max_pixels)

    def __call__(self, inputs: Image | Iterable[Image], progress: bool = True) -> list[ImagePrediction]:
        """Predict the labels of images.

        Args:
            inputs: An image file, a folder, a pattern such as ``'photos/**/*.jpg'``, an array, or a list of
                these; see :func:`image_paths` and :class:`ImagePipeline`.
            progress: Whether to show a progress bar.

        Returns:
            One prediction an image, in the order of :func:`list_images`, a broken image included.

        Raises:
            ValueError: If a folder or pattern yields no image.
        """
        images = list_images(inputs)
        predictions = self.predict(images)
        if progress:
            predictions = track(predictions, "predicting", total=len(images))
        return list(predictions)

    def predict(self, images: Sequence[str | np.ndarray]) -> Iterator[ImagePrediction]:
        """Predict the labels of image files and arrays one after another, holding one batch in memory.

        Args:
            images: The images, no folders or patterns.

        Yields:
            The prediction of each image, in their order.
        """
        prepared = _PreparedImages(images, self.pipeline)
        loader = DataLoader(prepared, self.batch_size, num_workers=self.num_workers, collate_fn=list)
        place = 0
        for batch in loader:
            for scores, fault in self._scores(batch):
                image = images[place]
                name = f"array {place}" if isinstance(image, np.ndarray) else os.fspath(image)
                yield self._prediction(name, fault, scores)
                place += 1

    def _prediction(self, name: str, fault: str | None, scores: np.ndarray | None) -> ImagePrediction:
        if scores is not None and np.isnan(scores).any():
            wrong = self.class_names[int(np.isnan(scores).argmax())]
            fault = f"the model gives no number (NaN) for the class {wrong!r}"
        if fault is not None:
            return ImagePrediction(name, fault=fault)
        order = np.argsort(-scores, kind="stable")
        chosen = order[labels_above(scores[None], self.thresholds)[0][order]]
        top = order[top_labels(scores[None], self.topk)[0][order]] if self.topk else []

        def listed(indices) -> tuple[list[str], list[float]]:
            return [self.class_names[index] for index in indices], [
                _rounded(scores[index]) for index in indices
            ]

        return ImagePrediction(name, *listed(chosen), *listed(top), class_scores=scores)

    def _scores(self, batch: Sequence[PreparedImage]) -> list[tuple[np.ndarray | None, str | None]]:
        """Scores or fault of each image; those of one size go through the model together."""
        found = [(None, item.fault) for item in batch]
        of_shape: dict[tuple, list[int]] = {}
        for index, item in enumerate(batch):
            if item.data is not None:
                of_shape.setdefault(tuple(item.data["inputs"].shape), []).append(index)
        for shape, indices in of_shape.items():
            at_once = max(self.max_pixels // (shape[-2] * shape[-1]), 1)
            for start in range(0, len(indices), at_once):
                chunk = indices[start : start + at_once]
                for index, result in zip(chunk, self._forward([batch[index].data for index in chunk])):
                    found[index] = result
        return found

    @torch.inference_mode()
    def _forward(self, data: list[dict]) -> list[tuple[np.ndarray | None, str | None]]:
        """Scores of images of one size; where the model fails on them together, of one after the other."""
        try:
            samples = self.model.test_step(default_collate(data))
            self._check_classes(samples[0].pred_score)
            return [(sample.pred_score.float().cpu().numpy(), None) for sample in samples]
        except RuntimeError as error:
            if "CUDA error" in str(error):  # of the device and not of the image: nothing works from here on
                raise
            sentence = " ".join(str(error).split())[:200]
        if len(data) > 1:
            return [result for single in data for result in self._forward([single])]
        height, width = data[0]["inputs"].shape[-2:]
        return [(None, f"the model cannot take an image of {height} x {width} pixels ({sentence})")]

    def _check_classes(self, scores: torch.Tensor) -> None:
        if len(scores) != len(self.class_names):  # of a head that does not tell how many classes it has
            raise ValueError(
                f"The 'classes' argument of MultiLabelInferencer must name the {len(scores)} classes that "
                f"the model gives scores of. Got {len(self.class_names)} names instead."
            )

    def _class_names(self, given: Sequence[str] | None, found: Sequence[str] | None) -> list[str]:
        num_classes = getattr(getattr(self.model, "head", None), "num_classes", None)
        names = given if given is not None else found
        if names is None and num_classes is None:
            raise ValueError(
                "The 'classes' argument of MultiLabelInferencer must be given: neither the checkpoint nor "
                "the config names the classes. Got None instead."
            )
        if names is None:
            return [str(index) for index in range(num_classes)]
        if num_classes is not None and len(names) != num_classes:
            source = "argument" if given is not None else "names in the checkpoint or config"
            raise ValueError(
                f"The 'classes' {source} of MultiLabelInferencer must name the {num_classes} classes of the "
                f"head. Got {len(names)} names instead."
            )
        if hasattr(self.model.head, "set_class_names"):
            # Thresholds in the config go by the names of training, which 'classes' may replace.
            self.model.head.set_class_names(names if found is None else found)
        return [str(name) for name in names]


class _PreparedImages(torch.utils.data.Dataset):
    def __init__(self, images: Sequence[str | np.ndarray], pipeline: ImagePipeline) -> None:
        self.images, self.pipeline = images, pipeline

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> PreparedImage:
        return self.pipeline(self.images[index])


def _rounded(score: np.floating) -> float:
    return float(f"{score:.6g}")


def _check_at_least(name: str, value: int, lowest: int) -> None:
    if not isinstance(value, int) or value < lowest:
        raise ValueError(
            f"The '{name}' argument of MultiLabelInferencer must be an integer of at least {lowest}. "
            f"Got {value!r} instead."
        )


def input_channels(model: nn.Module) -> int:
    """Tell how many channels the first convolution, which sees the image, takes.

    Args:
        model: The model.

    Returns:
        1 for gray images, else 3.

    Example:
        >>> input_channels(nn.Sequential(nn.Conv2d(1, 8, 3)))
        1
    """
    weights = (weight for weight in model.parameters() if weight.ndim == 4)
    return 1 if next(weights, torch.empty(1, 3)).shape[1] == 1 else 3
