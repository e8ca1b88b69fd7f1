"""The context is passed to several losses, so it cannot be changed."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from mmpretrain_imbalance.functional import LossContext


@pytest.mark.parametrize("field", ["sample_ids", "activation_maps"])
def test_fields_default_to_none_and_are_frozen(field):
    assert getattr(LossContext(), field) is None
    value = torch.arange(3)
    context = LossContext(**{field: value})
    assert getattr(context, field) is value
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(context, field, None)
    assert getattr(context, field) is value
