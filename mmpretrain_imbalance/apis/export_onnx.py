"""A trained model as an ONNX file: images in, probabilities of the labels out."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..utils.files import atomic_write

_NEEDED = ("onnx", "onnxruntime", "onnxscript")


class LabelProbabilities(nn.Module):
    """Backbone, neck, head and sigmoid of a classifier, without its preprocessing.

    Args:
        model: A classifier of MMPretrain with a multi-label head.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """Probabilities of shape (N, C) of normalized images of shape (N, channels, H, W)."""
        return torch.sigmoid(self.model(images, mode="tensor"))


def export_onnx(
    model: nn.Module,
    path: str | os.PathLike,
    image_shape: Sequence[int],
    *,
    class_names: Sequence[str] | None = None,
    thresholds: Sequence[float] | None = None,
    tolerance: float = 1e-4,
) -> float:
    """Write a model as ONNX, and compare what ONNX Runtime makes of it with PyTorch.

    The input ``images`` has the shape (N, channels, H, W) with any N; it is what the data preprocessor makes
    of an image, whose mean, standard deviation and order of channels stand in the metadata of the file,
    beside the class names and thresholds. The output ``probabilities`` has the shape (N, C).

    Args:
        model: The classifier, in evaluation mode.
        path: The file to replace. It appears only after the comparison.
        image_shape: Channels, height and width of an image.
        class_names: For the metadata.
        thresholds: For the metadata.
        tolerance: The largest difference in a probability that passes.

    Returns:
        The largest difference in a probability, over batches of 1 and 3 random images.

    Raises:
        ModuleNotFoundError: If onnx, onnxruntime or onnxscript are not installed.
        ValueError: If ``image_shape`` is malformed or too small for the model, or the two disagree; no file
            is written then.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise ModuleNotFoundError(
            f"export_onnx needs {', '.join(_NEEDED)}, and {', '.join(missing)} cannot be found: "
            "pip install '.[onnx]' in the clone of mmpretrain_imbalance."
        )
    import onnx
    import onnxruntime

    if len(image_shape) != 3 or min(image_shape) < 1:
        raise ValueError(
            "The 'image_shape' argument of export_onnx must be channels, height and width. "
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
            "The 'image_shape' argument of export_onnx must be one that the model takes. "
            f"Got {tuple(image_shape)} instead ({str(error).splitlines()[0][:200]})."
        ) from error
    program = torch.onnx.export(
        module,
        (batches[0].to(device),),
        dynamo=True,
        input_names=["images"],
        output_names=["probabilities"],
        dynamic_shapes=({0: torch.export.Dim("N", min=1)},),
        verbose=False,
    )
    proto = program.model_proto
    onnx.helper.set_model_props(proto, _metadata(model, class_names, thresholds))
    content = proto.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found = [session.run(None, {"images": batch.numpy()})[0] for batch in batches]
    difference = max(float(np.abs(a - b).max()) for a, b in zip(expected, found))
    if not difference <= tolerance:
        raise ValueError(
            f"The ONNX model must agree with PyTorch within the 'tolerance' of export_onnx, {tolerance:g}. "
            f"Got a probability that differs by {difference:g} instead; {str(Path(path))!r} is not written."
        )
    with atomic_write(path, "wb") as file:
        file.write(content)
    return difference


def _metadata(model: nn.Module, class_names, thresholds) -> dict[str, str]:
    preprocessor = getattr(model, "data_preprocessor", None)
    metadata = {"to_rgb": bool(getattr(preprocessor, "to_rgb", False))}
    for name in ("mean", "std"):
        value = getattr(preprocessor, name, None)
        if isinstance(value, Tensor):
            metadata[name] = value.flatten().tolist()
    if class_names is not None:
        metadata["classes"] = list(class_names)
    if thresholds is not None:
        metadata["thresholds"] = [float(threshold) for threshold in thresholds]
    return {name: json.dumps(value) for name, value in metadata.items()}
