"""The context is given to many losses, and none of them changes it."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from mmpretrain_imbalance.functional import LossContext


@pytest.mark.parametrize("field", ["sample_ids", "activation_maps"])
def test_is_empty_unless_told_and_cannot_be_changed(field):
    assert getattr(LossContext(), field) is None
    value = torch.arange(3)
    context = LossContext(**{field: value})
    assert getattr(context, field) is value
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(context, field, None)
    assert getattr(context, field) is value
