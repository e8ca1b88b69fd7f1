"""Images, or features of images, and labels of the data sets on which threshold rules are compared."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from _lib.sample_image import read_image
from rich.progress import track
from torch import Tensor, nn

from mmpretrain_imbalance.datasets import MultiDigits, PartialLabelDataset
from mmpretrain_imbalance.utils.files import atomic_write

PHOTOGRAPHS = ("corel5k", "clothing_attributes")


class Images(NamedTuple):
    """Inputs of a model and their labels.

    Attributes:
        inputs: Pixels of shape (N, 1, H, W), or features of shape (N, D).
        labels: 1 positive, 0 negative, -1 unknown, int8 of shape (N, C).
    """

    inputs: Tensor
    labels: np.ndarray

    def subset(self, indices: np.ndarray) -> Images:
        """Return the images with these indices."""
        return Images(self.inputs[torch.as_tensor(indices)], self.labels[indices])


def digit_images(split: str, num_images: int, seed: int) -> Images:
    """Draw canvases of handwritten digits; see :class:`MultiDigits`."""
    dataset = MultiDigits(split=split, num_images=num_images, seed=seed)
    dataset.full_init()
    pixels = torch.from_numpy(dataset.images)[:, None].float()
    return Images((pixels - 33) / 65, all_labels(dataset))


def photographs(folder: Path, split: str, backbone: nn.Module | None, cache: Path) -> Images:
    """Compute the features of the photographs of ``SPLIT.csv``, or read them from an earlier call.

    Args:
        folder: Folder with ``train.csv``, ``test.csv`` and ``images``.
        split: 'train' or 'test'.
        backbone: Network from images to features; None for the colors of a thumbnail of 16 x 16 pixels.
        cache: File ``.npz`` for the features.

    Returns:
        The features and the labels.

    Raises:
        FileNotFoundError: If the annotation file or a photograph is missing.
    """
    dataset = PartialLabelDataset(f"{split}.csv", data_root=str(folder), data_prefix="images")
    dataset.full_init()
    if not cache.is_file():
        paths = [dataset.image_path(index) for index in range(len(dataset))]
        features = [image_features(path, backbone) for path in track(paths, f"{folder.name}, {split}")]
        with atomic_write(cache, "wb") as file:
            np.savez(file, features=np.stack(features))
    with np.load(cache) as archive:
        features = archive["features"]
    return Images(torch.from_numpy(features), all_labels(dataset))


def all_labels(dataset: MultiDigits | PartialLabelDataset) -> np.ndarray:
    """Return the labels of all samples of a small dataset, int8 of shape (N, C)."""
    return np.stack([dataset.get_data_info(index)["gt_score"] for index in range(len(dataset))]).astype(
        np.int8
    )


@torch.inference_mode()
def image_features(path: str, backbone: nn.Module | None) -> np.ndarray:
    """Return the features of a photograph, float32 of shape (D,)."""
    image = np.ascontiguousarray(read_image(path))
    size = 16 if backbone is None else 224
    pixels = torch.from_numpy(cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)).float()
    if backbone is None:
        return (pixels / 255).flatten().numpy()
    config = backbone.pretrained_cfg
    pixels = (pixels / 255 - torch.tensor(config["mean"])) / torch.tensor(config["std"])
    features: np.ndarray = backbone(pixels.permute(2, 0, 1)[None])[0].numpy()
    return features


def pretrained_backbone(name: str, weights: Path) -> nn.Module:
    """Build a backbone of TIMM with the weights of a file.

    The weights are matched by name or, if no name agrees, by their order, because the same network has other
    names in other packages.

    Args:
        name: Name of the network in TIMM.
        weights: File of a state dict.

    Returns:
        The backbone, whose output are features of shape (N, D).

    Raises:
        ModuleNotFoundError: If TIMM is not installed.
        ValueError: If the weights do not fit.
    """
    try:
        import timm
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "The '--weights' option requires the package timm. Got an environment without it. Run "
            "pip install '.[timm]' in the clone of mmpretrain_imbalance."
        ) from error
    model = timm.create_model(name, pretrained=False)
    state, found = model.state_dict(), torch.load(weights, map_location="cpu", weights_only=True)
    found = found.get("state_dict", found)
    if not set(state) & set(found):
        found = dict(zip(state, found.values()))
    wrong = [key for key, value in state.items() if key not in found or found[key].shape != value.shape]
    if wrong:
        raise ValueError(
            f"The '--weights' file must have the weights of {name!r}. Got {weights}, in which {wrong[0]!r} "
            "is missing or has another shape."
        )
    model.load_state_dict({key: found[key] for key in state})
    model.reset_classifier(0)
    return model.eval()
