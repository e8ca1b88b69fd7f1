"""Checks for losses with per-image state, which must not confuse one image with another."""

from __future__ import annotations

from typing import Any

from mmengine.dataset import BaseDataset
from mmpretrain.models.utils.batch_augments import Mixup
from torch import nn

from ...datasets import SimulatePartialLabels
from ...datasets.base import LabelStoreDataset
from ...datasets.wrapped import resolve_wrapped_indices
from ...losses import ElementwiseLoss, LossState, WrapperLoss


def prepare_image_losses(model: nn.Module, dataset: Any) -> None:
    """Pass the length of the training set to losses with per-image state.

    An error is raised if ``sample_idx`` does not identify the images.

    Args:
        model: The unwrapped model; only its losses that need sample ids are checked.
        dataset: The training set.

    Raises:
        ValueError: If ids repeat, ``num_images`` of a loss is not the length of the dataset, or images are
            mixed.
    """
    losses = [
        module
        for module in model.modules()
        if isinstance(module, ElementwiseLoss)
        and "sample_ids" in module.traits.needs
        # A wrapper inherits the needs of the loss inside.
        and not (isinstance(module, WrapperLoss) and "sample_ids" in module.loss.traits.needs)
    ]
    if not losses:
        return
    name = type(losses[0]).__name__
    augments = getattr(getattr(model, "data_preprocessor", None), "batch_augments", None)
    mixing = [type(a).__name__ for a in getattr(augments, "augments", ()) if isinstance(a, Mixup)]
    if mixing:
        raise ValueError(
            "The 'batch_augments' argument of the data preprocessor must not contain an augmentation that "
            f"mixes images with {name}, which keeps a state per image. Got {', '.join(mixing)} instead. "
            "Remove it."
        )
    datasets = _datasets_of_ids(dataset)
    if len(datasets) > 1:
        raise ValueError(
            f"The training set of {name} must be one dataset, in which every image has a unique sample_idx. "
            f"Got {len(datasets)} datasets in a ConcatDataset, whose sample_idx values repeat, instead. "
            "Merge them with dict(type='MergedPartialLabels', sources=[...])."
        )
    (length,) = (len(d.label_store) if isinstance(d, LabelStoreDataset) else len(d) for d in datasets)
    for module in model.modules():
        if isinstance(module, LossState):
            module.set_num_images(length)
    for loss in losses:
        num_images = loss.sample_id_limit or length
        if num_images != length:
            raise ValueError(
                f"The 'num_images' argument of {type(loss).__name__} must be the length of the full training "
                f"set, {length}. Got {num_images} instead."
            )


def _datasets_of_ids(dataset: Any) -> list[BaseDataset]:
    """Return the innermost datasets, whose indices are the sample ids, each once."""
    found: dict[int, BaseDataset] = {}
    for part in resolve_wrapped_indices(dataset):
        if isinstance(part.leaf, SimulatePartialLabels):  # does not change the ids
            found |= {id(inner): inner for inner in _datasets_of_ids(part.leaf.dataset)}
        elif len(part.indices):
            found[id(part.leaf)] = part.leaf
    return list(found.values())
