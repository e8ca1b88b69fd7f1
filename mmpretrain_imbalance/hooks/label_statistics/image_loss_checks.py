"""Set-ups in which a loss that remembers single images would mistake one image for another."""

from __future__ import annotations

from typing import Any

from mmengine.dataset import BaseDataset
from mmpretrain.models.utils.batch_augments import Mixup
from torch import nn

from ...datasets import SimulatePartialLabels
from ...datasets.base import LabelStoreDataset
from ...datasets.wrapped import resolve_wrapped_indices
from ...losses import ElementwiseLoss, WrapperLoss


def check_image_losses(model: nn.Module, dataset: Any) -> None:
    """Refuse a run in which ``sample_idx`` does not tell which image a loss sees.

    Args:
        model: The model, unwrapped; only its losses that need sample ids count.
        dataset: The training set.

    Raises:
        ValueError: If ids repeat, a table of images has another length than the dataset, or images are mixed.
    """
    losses = [
        m
        for m in model.modules()
        if isinstance(m, ElementwiseLoss)
        and not isinstance(m, WrapperLoss)
        and "sample_ids" in m.traits.needs
    ]
    if not losses:
        return
    name = type(losses[0]).__name__
    augments = getattr(getattr(model, "data_preprocessor", None), "batch_augments", None)
    mixing = [type(a).__name__ for a in getattr(augments, "augments", ()) if isinstance(a, Mixup)]
    if mixing:
        raise ValueError(
            f"The 'batch_augments' argument of the data preprocessor must hold nothing that mixes images "
            f"with {name}, which remembers single images. Got {', '.join(mixing)} instead; leave it out."
        )
    numbering = _numbering_datasets(dataset)
    if len(numbering) > 1:
        raise ValueError(
            f"The training set of {name} must be one dataset that gives every image a sample_idx of its own. "
            f"Got {len(numbering)} datasets in a ConcatDataset, whose ids repeat, instead. Put them into "
            "dict(type='MergedPartialLabels', sources=[...])."
        )
    (length,) = (len(d.label_store) if isinstance(d, LabelStoreDataset) else len(d) for d in numbering)
    for loss in losses:
        num_images = loss.sample_id_limit or length
        if num_images != length:
            raise ValueError(
                f"The 'num_images' argument of {type(loss).__name__} must be the length of the full training "
                f"set, {length}. Got {num_images} instead."
            )


def _numbering_datasets(dataset: Any) -> list[BaseDataset]:
    """The datasets whose own numbers are the sample ids, each once."""
    found: dict[int, BaseDataset] = {}
    for part in resolve_wrapped_indices(dataset):
        if isinstance(part.leaf, SimulatePartialLabels):  # leaves the ids as they are
            found |= {id(inner): inner for inner in _numbering_datasets(part.leaf.dataset)}
        elif len(part.indices):
            found[id(part.leaf)] = part.leaf
    return list(found.values())
