"""Multi-label prediction for image files and arrays."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.device import get_device
from mmpretrain.apis import BaseInferencer, list_models
from mmpretrain.structures import DataSample
from rich.progress import track
from torch import nn
from torch.utils.data import DataLoader, Dataset

from ..functional.metrics.predicted_labels import labels_above, top_labels
from ..utils.worker_processes import end_without_parent
from .chosen_thresholds import chosen_thresholds
from .image_inputs import Image, list_images
from .image_pipeline import ImagePipeline, PreparedImage
from .image_prediction import ImagePrediction
from .prediction_pictures import draw_predictions
from .trained_model import load_trained_model


class MultiLabelInferencer(BaseInferencer):
    """Inferencer for image files and arrays: predicts all labels whose score reaches the class threshold.

    It is the inferencer that :func:`inference_model` selects for multi-label models. Unlike MMPretrain's
    inferencers, it never predicts with random weights.

    Images are processed by the test pipeline of the config, so the scores equal those of ``tools/test.py``.
    An image that cannot be read is reported in its own result and does not affect other images. Apart from
    rounding, the result of an image does not depend on the other images of its batch.

    Args:
        model: Path of a config, a name that ``mmpretrain.list_models`` lists, a config, or a model returned
            by ``mmpretrain.get_model``.
        weights: Path of a checkpoint; None keeps the weights of a given model, or takes the published weights
            of a name.
        thresholds: Minimum score of a predicted label: one number, a list with one number per class, values
            by class name, or the path of a file written by ``BestThresholdsHook`` or
            ``tools/tune_thresholds.py``. None uses the first available of: the thresholds per class of the
            head, ``thresholds.json`` beside the checkpoint, the thresholds in the checkpoint, the single
            threshold of the head, 0.5.
        topk: If given, the k labels with the highest scores are returned as well.
        classes: Names of the classes; None uses the names of the checkpoint or of the config.
        device: Device of the model; None selects a GPU if available.
        batch_size: Maximum number of images per batch.
        num_workers: Number of processes that load images; 0 loads them in the main process.
        max_pixels: Maximum number of pixels per forward pass, counted after the test pipeline. A batch with
            more pixels is split. A single image with more pixels is invalid, as it might exceed the memory.

    Attributes:
        class_names: Names of the classes.
        thresholds: Threshold of each class, of shape (C,).
        threshold_source: Source of the thresholds: 'argument', 'head', 'file', 'checkpoint' or 'default'.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If the checkpoint does not match the config, names or thresholds do not match the classes,
            or a number is out of range.
    """

    visualize_kwargs: ClassVar[set[str]] = {"show", "wait_time", "show_dir"}

    def __init__(
        self,
        model: str | os.PathLike[str] | Config | nn.Module,
        weights: str | os.PathLike[str] | None = None,
        *,
        thresholds: float | Sequence[float] | Mapping[str, float] | str | os.PathLike[str] | None = None,
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
        self.config, self.visualizer = trained.cfg, None  # names of MMPretrain's inferencers
        self.topk, self.batch_size, self.num_workers = topk, batch_size, num_workers
        self.max_pixels = max_pixels
        self.class_names = self._class_names(classes, trained.class_names)
        self.thresholds, self.threshold_source, _ = chosen_thresholds(
            thresholds,
            getattr(self.model, "head", None),
            trained.thresholds,
            self.class_names,
            type(self).__name__,
            trained.class_names,
            trained.threshold_file,
        )
        self.pipeline = self._init_pipeline(self.cfg)

    def __call__(
        self,
        inputs: Image | Iterable[Image],
        return_datasamples: bool = False,
        batch_size: int | None = None,
        *,
        progress: bool = True,
        **kwargs: Any,
    ) -> list[ImagePrediction] | list[DataSample]:
        """Predict the labels of images.

        Args:
            inputs: An image file, a folder, a pattern such as ``'photos/**/*.jpg'``, an array, or a list of
                these. Files, folders and patterns are resolved by :func:`image_paths`. An array has values
                from 0 to 255 and the shape (H, W), (H, W, 3) with channels in BGR order, or (N, H, W, 3).
            return_datasamples: Whether to return MMPretrain's ``DataSample`` instead of
                :class:`ImagePrediction`.
            batch_size: Maximum number of images per batch; None takes that of the inferencer.
            progress: Whether to show a progress bar.
            **kwargs: ``show``, ``wait_time`` and ``show_dir`` of :meth:`MultiLabelInferencer.visualize`.

        Returns:
            One prediction per image, including invalid images, in the order of the inputs.

        Raises:
            TypeError: If an input is neither a path nor an array.
            ValueError: If a folder has no image, a pattern matches no file, or an argument is unknown.
        """
        visualize_kwargs = self._dispatch_kwargs(**kwargs)[2]
        images = self._inputs_to_list(inputs)
        predictions: Iterable[ImagePrediction] = self.predict(images, batch_size)
        if progress:
            predictions = track(predictions, "predicting", total=len(images))
        predictions = list(predictions)
        pictures = self.visualize(images, predictions, **visualize_kwargs)
        return self.postprocess(predictions, pictures, return_datasamples)

    def predict(
        self, images: Sequence[str | np.ndarray], batch_size: int | None = None
    ) -> Iterator[ImagePrediction]:
        """Predict the labels of image files and arrays, with one batch in memory at a time.

        Args:
            images: Paths and arrays of single images, without folders and patterns.
            batch_size: As in a call of the inferencer.

        Yields:
            The prediction of each image, in the order of the images.
        """
        index = 0
        for batch in self.preprocess(images, batch_size):
            for scores, fault in self.forward(batch):
                image = images[index]
                name = f"array {index}" if isinstance(image, np.ndarray) else os.fspath(image)
                yield self._prediction(name, fault, scores)
                index += 1

    def preprocess(
        self, inputs: Sequence[str | np.ndarray], batch_size: int | None = None
    ) -> Iterator[list[PreparedImage]]:
        """Load and transform the images.

        Args:
            inputs: Paths and arrays of single images.
            batch_size: As in a call of the inferencer.

        Returns:
            The batches, which :meth:`MultiLabelInferencer.forward` takes.
        """
        if batch_size is not None:
            _check_at_least("batch_size", batch_size, 1)
        prepared = _PreparedImages(inputs, self.pipeline)
        size = batch_size or self.batch_size
        return iter(
            DataLoader(
                prepared,
                size,
                num_workers=self.num_workers,
                collate_fn=list,
                worker_init_fn=end_without_parent,
            )
        )

    def visualize(
        self,
        ori_inputs: Sequence[str | np.ndarray],
        preds: Sequence[ImagePrediction],
        show: bool = False,
        wait_time: float = 0,
        show_dir: str | os.PathLike[str] | None = None,
    ) -> list[np.ndarray | None] | None:
        """Draw the predicted labels and scores with MMPretrain's ``UniversalVisualizer``.

        Args:
            ori_inputs: Paths and arrays of single images.
            preds: Their predictions.
            show: Whether to show each picture in a window.
            wait_time: Time of each window in seconds; 0 waits for a key.
            show_dir: Folder for the pictures ``INDEX_NAME.png``; pictures of an earlier call are replaced.

        Returns:
            One RGB picture per image, None for an invalid image; None if there is nothing to draw.
        """
        if not show and show_dir is None:
            return None
        samples = self.postprocess(preds, None, return_datasamples=True)
        return draw_predictions(ori_inputs, samples, self.class_names, show, wait_time, show_dir)

    def postprocess(
        self,
        preds: Sequence[ImagePrediction],
        visualization: Sequence[np.ndarray | None] | None,
        return_datasamples: bool = False,
    ) -> list[ImagePrediction] | list[DataSample]:
        """Return the predictions in the requested form.

        Args:
            preds: The predictions.
            visualization: Not used: pictures are shown or written.
            return_datasamples: Whether to return MMPretrain's ``DataSample``, with ``pred_score``,
                ``pred_label``, ``img_path`` and ``fault``. The sample of an invalid image has only the last
                two.

        Returns:
            One item per prediction.
        """
        if not return_datasamples:
            return list(preds)
        samples = []
        for prediction in preds:
            sample = DataSample(metainfo=dict(img_path=prediction.image, fault=prediction.fault))
            if (scores := prediction.class_scores) is not None:
                sample.set_pred_score(scores)
                sample.set_pred_label(np.flatnonzero(labels_above(scores[None], self.thresholds)[0]))
            samples.append(sample)
        return samples

    @staticmethod
    def list_models(pattern: str | None = None) -> list[str]:
        """Return the names of MMPretrain's and our multi-label models.

        Args:
            pattern: Beginning of the names, which may contain wildcards; None for all names.

        Returns:
            The names in alphabetical order.

        Example:
            >>> MultiLabelInferencer.list_models("digits-rps50_h")
            ['digits-rps50_hill']
        """
        return list_models(pattern, task="Multi-Label Classification")

    def _init_pipeline(self, cfg: Config) -> ImagePipeline:
        return ImagePipeline(cfg, input_channels(self.model), self.max_pixels)

    def _inputs_to_list(self, inputs: Image | Iterable[Image]) -> list[str | np.ndarray]:
        return list_images(inputs)

    def _prediction(self, name: str, fault: str | None, scores: np.ndarray | None) -> ImagePrediction:
        if scores is not None and np.isnan(scores).any():
            class_name = self.class_names[int(np.isnan(scores).argmax())]
            fault = f"the score of class {class_name!r} is NaN"
        if fault is not None or scores is None:
            return ImagePrediction(name, fault=fault)
        order = np.argsort(-scores, kind="stable")
        chosen = order[labels_above(scores[None], self.thresholds)[0][order]]
        top = order[top_labels(scores[None], self.topk)[0][order]] if self.topk else order[:0]
        return ImagePrediction(
            name,
            labels=[self.class_names[index] for index in chosen],
            scores=[_rounded(scores[index]) for index in chosen],
            top_labels=[self.class_names[index] for index in top],
            top_scores=[_rounded(scores[index]) for index in top],
            class_scores=scores,
        )

    def forward(self, inputs: Sequence[PreparedImage]) -> list[tuple[np.ndarray | None, str | None]]:
        """Predict the scores of a batch; images of equal size share a forward pass.

        Args:
            inputs: A batch of :meth:`MultiLabelInferencer.preprocess`.

        Returns:
            The scores of shape (C,) and None, or None and the fault, of each image.
        """
        results: list[tuple[np.ndarray | None, str | None]] = [(None, item.fault) for item in inputs]
        valid = {index: item.data for index, item in enumerate(inputs) if item.data is not None}
        indices_by_shape: dict[tuple[int, ...], list[int]] = {}
        for index, data in valid.items():
            indices_by_shape.setdefault(tuple(data["inputs"].shape), []).append(index)
        for shape, indices in indices_by_shape.items():
            max_images = max(self.max_pixels // (shape[-2] * shape[-1]), 1)
            for start in range(0, len(indices), max_images):
                chunk = indices[start : start + max_images]
                for index, result in zip(chunk, self._forward([valid[index] for index in chunk])):
                    results[index] = result
        return results

    @torch.inference_mode()
    def _forward(self, data: list[dict[str, Any]]) -> list[tuple[np.ndarray | None, str | None]]:
        """Return the scores of images of equal size; if the model fails, retry each image separately."""
        try:
            samples = self.model.test_step(default_collate(data))
            self._check_classes(samples[0].pred_score)
            return [(sample.pred_score.float().cpu().numpy(), None) for sample in samples]
        except RuntimeError as error:
            if "CUDA error" in str(error):  # the device failed, so every later call would fail, too
                raise
            reason = " ".join(str(error).split())[:200]
        if len(data) > 1:
            return [result for single in data for result in self._forward([single])]
        height, width = data[0]["inputs"].shape[-2:]
        return [(None, f"the model failed on an image of {height} x {width} pixels ({reason})")]

    def _check_classes(self, scores: torch.Tensor) -> None:
        if len(scores) != len(self.class_names):  # not checked before if the head has no num_classes
            raise ValueError(
                f"The 'classes' argument of MultiLabelInferencer must name the {len(scores)} classes of the "
                f"model output. Got {len(self.class_names)} names instead."
            )

    def _class_names(self, given: Sequence[str] | None, found: Sequence[str] | None) -> list[str]:
        num_classes = getattr(getattr(self.model, "head", None), "num_classes", None)
        names = given if given is not None else found
        if names is None:
            if num_classes is None:
                raise ValueError(
                    "The 'classes' argument of MultiLabelInferencer must be given if neither the checkpoint "
                    "nor the config names the classes. Got None instead."
                )
            return [str(index) for index in range(num_classes)]
        if num_classes is not None and len(names) != num_classes:
            source = "argument" if given is not None else "names in the checkpoint or config"
            raise ValueError(
                f"The 'classes' {source} of MultiLabelInferencer must name the {num_classes} classes of the "
                f"head. Got {len(names)} names instead."
            )
        if hasattr(self.model.head, "set_class_names"):
            # The config names thresholds by the training names, which 'classes' may replace.
            self.model.head.set_class_names(names if found is None else found)
        return [str(name) for name in names]


class _PreparedImages(Dataset[PreparedImage]):
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
            f"The '{name}' argument of MultiLabelInferencer must be an integer >= {lowest}. "
            f"Got {value!r} instead."
        )


def input_channels(model: nn.Module) -> int:
    """Return the number of image channels of a model, read from its first convolution.

    Args:
        model: The model.

    Returns:
        1 for gray images, otherwise 3.

    Example:
        >>> input_channels(nn.Sequential(nn.Conv2d(1, 8, 3)))
        1
    """
    weights = (weight for weight in model.parameters() if weight.ndim == 4)
    return 1 if next(weights, torch.empty(1, 3)).shape[1] == 1 else 3
