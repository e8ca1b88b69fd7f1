"""Context that a head passes to a loss in addition to logits and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from mmpretrain.structures import DataSample
from torch import Tensor

from mmpretrain_imbalance.functional.losses.loss_context import LossContext

if TYPE_CHECKING:
    from mmpretrain.models.heads import MultiLabelClsHead as _Head  # the class that the mixin extends
else:
    _Head = object


class LossContextMixin(_Head):
    """Mixin that passes a :class:`LossContext` to losses of this package, recognized by their ``traits``.

    All other losses are called as MMPretrain's head calls them. List the mixin before a head of MMPretrain in
    the base classes. The head must define ``class_activation_maps``.
    """

    activation_maps: bool

    def loss(self, feats: tuple[Tensor], data_samples: list[DataSample], **kwargs: Any) -> dict[str, Tensor]:
        """Compute the loss.

        Args:
            feats: Features of the backbone's stages; the last is used.
            data_samples: The samples, with labels.
            **kwargs: Further arguments of the loss module.

        Returns:
            The loss as ``dict(loss=...)``.
        """
        if hasattr(self.loss_module, "traits"):
            kwargs["context"] = LossContext(
                sample_ids=sample_ids_of(data_samples, feats[-1].device),
                activation_maps=self.class_activation_maps(feats) if self.activation_maps else None,
            )
            if labels_are_hard(data_samples):
                target = stack_labels(data_samples)
                return {"loss": self.loss_module(self(feats), target, avg_factor=len(target), **kwargs)}
        return super().loss(feats, data_samples, **kwargs)


def labels_are_hard(data_samples: list[DataSample]) -> bool:
    """Return whether ``PartialLabelDataPreprocessor`` marked the labels of all samples as hard."""
    return all(sample.get("labels_are_hard", False) for sample in data_samples)


def stack_labels(data_samples: list[DataSample]) -> Tensor:
    """Stack the labels of a batch, as int8 if they are marked as hard, else as float32.

    With int8 no label can be soft, so a loss computes its formula once instead of for both hard labels.
    """
    labels = torch.stack([sample.gt_score for sample in data_samples])
    return labels.to(torch.int8) if labels_are_hard(data_samples) else labels.float()


def sample_ids_of(data_samples: list[DataSample], device: torch.device) -> Tensor | None:
    """Return the index of each sample in the dataset, or ``None`` if a sample has no index."""
    ids = [sample.get("sample_idx") for sample in data_samples]
    if None in ids:
        return None
    return torch.tensor(ids, dtype=torch.int64).to(device, non_blocking=True)
