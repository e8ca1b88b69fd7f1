"""What a head gives a loss beside logits and labels."""

from __future__ import annotations

import torch
from mmpretrain.structures import DataSample
from torch import Tensor

from mmpretrain_imbalance.functional.losses.loss_context import LossContext


class LossContextMixin:
    """Adds a :class:`LossContext` to the call of a loss that has ``traits``, as those of this package have.

    All other losses are called as the host's head calls them. The mixin stands before a head of the host in
    the list of base classes, and the head says what its class activation maps are.
    """

    activation_maps: bool

    def loss(self, feats: tuple[Tensor], data_samples: list[DataSample], **kwargs) -> dict:
        """Compute the loss.

        Args:
            feats: Features of the backbone's stages, of which the last is used.
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
            if are_known_to_be_hard(data_samples):
                target = label_table(data_samples)
                return {"loss": self.loss_module(self(feats), target, avg_factor=len(target), **kwargs)}
        return super().loss(feats, data_samples, **kwargs)


def are_known_to_be_hard(data_samples: list[DataSample]) -> bool:
    """Whether ``PartialLabelDataPreprocessor`` says of all samples that their labels are not soft."""
    return all(sample.get("labels_are_hard", False) for sample in data_samples)


def label_table(data_samples: list[DataSample]) -> Tensor:
    """Stack the labels of a batch, in bytes where they are known to be hard.

    Bytes tell a loss that no label is soft: its formula is then computed once, and not for both hard labels.
    """
    labels = torch.stack([sample.gt_score for sample in data_samples])
    return labels.to(torch.int8) if are_known_to_be_hard(data_samples) else labels.float()


def sample_ids_of(data_samples: list[DataSample], device: torch.device) -> Tensor | None:
    """Give the index of each sample in the data set, or ``None`` if one of them has none."""
    ids = [sample.get("sample_idx") for sample in data_samples]
    if None in ids:
        return None
    return torch.tensor(ids, dtype=torch.int64).to(device, non_blocking=True)
