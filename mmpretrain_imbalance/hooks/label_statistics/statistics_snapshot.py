"""What the losses of a run and their like hold, kept over the loading of another run's weights."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn


class OwnStatistics:
    """Copies of the persistent state of losses, to be put back after a checkpoint was loaded.

    ``load_from`` and ``init_cfg=dict(type='Pretrained')`` bring weights; the label counts, class priors,
    ratios and tables of images in the same file are those of another training set.

    Args:
        modules: The losses, and what else goes by the training set; each of them is listed, also those inside
            of others.

    Example:
        >>> from mmpretrain_imbalance.losses import ClassBalancedLoss
        >>> loss = ClassBalancedLoss(dict(type='PartialAsymmetricLoss'))
        >>> loss.set_label_counts(torch.tensor([75, 25]), torch.tensor([25, 75]))
        >>> own = OwnStatistics([loss])
        >>> _ = loss.load_state_dict(dict(positives=torch.tensor([1.0, 2.0])))
        >>> own.restore()
        True
        >>> loss.positives
        tensor([75., 25.])
    """

    def __init__(self, modules: Iterable[nn.Module]) -> None:
        self._kept = [
            (module, name, value.detach().clone())
            for module in modules
            for name, value in _persistent(module).items()
        ]

    def restore(self) -> bool:
        """Put everything back, and tell whether anything had been changed."""
        changed = False
        for module, name, kept in self._kept:
            held = getattr(module, name)
            kept = kept.to(held.device)
            changed |= not torch.equal(held, kept)
            if held.shape == kept.shape:
                held.data.copy_(kept)
            else:
                setattr(module, name, kept)
        return changed


def _persistent(module: nn.Module) -> dict[str, torch.Tensor]:
    """Parameters and persistent buffers of a module itself."""
    buffers = dict(module.named_buffers(recurse=False))
    for name in module._non_persistent_buffers_set:
        buffers.pop(name, None)
    return dict(module.named_parameters(recurse=False)) | buffers
