"""Export of a trained model to ONNX, with images as input and class probabilities as output."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from ..utils.files import atomic_write

_REQUIRED_PACKAGES = ("onnx", "onnxruntime", "onnxscript")


class LabelProbabilities(nn.Module):
    """Backbone, neck, head and sigmoid of a classifier, without its data preprocessor.

    Args:
        model: Classifier of MMPretrain with a multi-label head.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """Return probabilities of shape (N, C) for normalized images of shape (N, channels, H, W)."""
        return torch.sigmoid(self.model(images, mode="tensor"))


def export_onnx(
    model: nn.Module,
    path: str | os.PathLike[str],
    image_shape: Sequence[int],
    *,
    class_names: Sequence[str] | None = None,
    thresholds: Sequence[float] | None = None,
    tolerance: float = 1e-4,
) -> float:
    """Export a model to ONNX and compare the outputs of ONNX Runtime and PyTorch.

    The input ``images`` has the shape (N, channels, H, W) for any N and must be normalized. The metadata of
    the file has the mean, the standard deviation and the channel order of the data preprocessor, and the
    class names and thresholds. The output ``probabilities`` has the shape (N, C).

    Args:
        model: The classifier, in evaluation mode.
        path: Path of the ONNX file. The file is written or replaced only if the comparison succeeds.
        image_shape: Channels, height and width of an image.
        class_names: Names of the classes for the metadata.
        thresholds: Threshold of each class for the metadata.
        tolerance: Largest accepted absolute difference between two probabilities.

    Returns:
        The largest absolute difference between two probabilities, over batches of 3 and 1 random images.

    Raises:
        ModuleNotFoundError: If onnx, onnxruntime or onnxscript is not installed.
        ValueError: If the model does not accept ``image_shape``, or if the difference exceeds ``tolerance``.
    """
    missing = [name for name in _REQUIRED_PACKAGES if find_spec(name) is None]
    if missing:
        raise ModuleNotFoundError(
            f"export_onnx requires the packages {', '.join(_REQUIRED_PACKAGES)}. Got an environment without "
            f"{', '.join(missing)}. Run pip install '.[onnx]' in the clone of mmpretrain_imbalance."
        )
    import onnx
    import onnxruntime

    if len(image_shape) != 3 or min(image_shape) < 1:
        raise ValueError(
            "The 'image_shape' argument of export_onnx must be positive channels, height and width. "
            f"Got {tuple(image_shape)} instead."
        )
    module = LabelProbabilities(model).eval()
    device = next(model.parameters()).device
    generator = torch.Generator().manual_seed(0)
    batches = [torch.randn(size, *image_shape, generator=generator) for size in (3, 1)]
    try:
        with torch.inference_mode():
            expected = [module(batch.to(device)).cpu().numpy() for batch in batches]
    except RuntimeError as error:
        raise ValueError(
            "The 'image_shape' argument of export_onnx must be a shape that the model accepts. "
            f"Got {tuple(image_shape)} instead ({str(error).splitlines()[0][:200]})."
        ) from error
    exported = torch.onnx.export(
        module,
        (batches[0].to(device),),
        dynamo=True,
        input_names=["images"],
        output_names=["probabilities"],
        dynamic_shapes=({0: torch.export.Dim("N", min=1)},),
        verbose=False,
    )
    proto = cast("torch.onnx.ONNXProgram", exported).model_proto  # never None with dynamo=True
    onnx.helper.set_model_props(proto, _metadata(model, class_names, thresholds))
    content = proto.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    outputs = [session.run(None, {"images": batch.numpy()})[0] for batch in batches]
    difference = max(float(np.abs(a - b).max()) for a, b in zip(expected, outputs))
    if not difference <= tolerance:
        raise ValueError(
            "The probabilities of the ONNX model must agree with PyTorch within the 'tolerance' argument of "
            f"export_onnx, {tolerance:g}. Got a difference of {difference:g} instead. The file "
            f"{str(Path(path))!r} was not written."
        )
    with atomic_write(path, "wb") as file:
        file.write(content)
    return difference


def _metadata(
    model: nn.Module, class_names: Sequence[str] | None, thresholds: Sequence[float] | None
) -> dict[str, str]:
    preprocessor = getattr(model, "data_preprocessor", None)
    metadata: dict[str, Any] = {"to_rgb": bool(getattr(preprocessor, "to_rgb", False))}
    for name in ("mean", "std"):
        value = getattr(preprocessor, name, None)
        if isinstance(value, Tensor):
            metadata[name] = value.flatten().tolist()
    if class_names is not None:
        metadata["classes"] = list(class_names)
    if thresholds is not None:
        metadata["thresholds"] = [float(threshold) for threshold in thresholds]
    return {name: json.dumps(value) for name, value in metadata.items()}
