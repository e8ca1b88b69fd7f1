"""Snapshot of loss statistics, restored after ``load_from``."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn


class StatisticsSnapshot:
    """Copies of the persistent state of losses, to be restored after a checkpoint is loaded.

    ``load_from`` and ``init_cfg=dict(type='Pretrained')`` are meant to load weights. The label counts, class
    priors, ratios and per-image values in the same file belong to another training set.

    Args:
        modules: The losses and other modules whose state depends on the training set. Nested modules must be
            listed individually.

    Example:
        >>> from mmpretrain_imbalance.losses import ClassBalancedLoss
        >>> loss = ClassBalancedLoss(dict(type='PartialAsymmetricLoss'))
        >>> loss.set_label_counts(torch.tensor([75, 25]), torch.tensor([25, 75]))
        >>> snapshot = StatisticsSnapshot([loss])
        >>> _ = loss.load_state_dict(dict(positives=torch.tensor([1.0, 2.0])))
        >>> snapshot.restore()
        True
        >>> loss.positives
        tensor([75., 25.])
    """

    def __init__(self, modules: Iterable[nn.Module]) -> None:
        self._saved = [
            (module, name, value.detach().clone())
            for module in modules
            for name, value in _persistent_values(module).items()
        ]

    def restore(self) -> bool:
        """Restore all values, and return whether any of them had changed."""
        changed = False
        for module, name, saved in self._saved:
            current = getattr(module, name)
            saved = saved.to(current.device)
            changed |= not torch.equal(current, saved)
            if current.shape == saved.shape:
                current.data.copy_(saved)
            else:
                setattr(module, name, saved)
        return changed


def _persistent_values(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return the parameters and persistent buffers of a module, without those of its submodules."""
    buffers = dict(module.named_buffers(recurse=False))
    for name in module._non_persistent_buffers_set:
        buffers.pop(name, None)
    return dict(module.named_parameters(recurse=False)) | buffers
