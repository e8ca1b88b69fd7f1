"""Every reduction against a loop."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.functional import REDUCTIONS, reduce_elements


def by_hand(elements, reduction, known, weight, num_images, most):
    num_rows, num_classes = elements.shape
    weight = torch.ones(known.shape, dtype=torch.float64) if weight is None else weight.double()
    images = num_rows if num_images is None else num_images
    total = sum(elements.flatten().tolist())
    if reduction == "kept_per_class":
        kept = [max(sum(weight[:, c].tolist()), 1) for c in range(num_classes)]
        classes = range(num_classes)
        return sum(min(num_rows / kept[c], most) * sum(elements[:, c].tolist()) for c in classes) / images
    count = dict(
        sum=1,
        mean_images=images,
        mean=images * num_classes,
        mean_known=int(known.sum()),
        mean_kept=sum(weight.flatten().tolist()),
    )[reduction]
    return total / max(count, 1)


@given(
    st.integers(1, 300), st.integers(1, 4), st.integers(0, 9), st.sampled_from(REDUCTIONS),
    st.sampled_from([None, "bool", "soft"]), st.sampled_from([None, 5.0]), st.floats(1, 20),
)  # fmt: skip
def test_equals_loop(num_images, num_classes, seed, reduction, kind, avg_factor, most):
    generator = torch.Generator().manual_seed(seed)
    elements, draw = torch.rand(2, num_images, num_classes, generator=generator, dtype=torch.float64)
    known, weight = draw < 0.7, None
    labels = (draw < 0.3).long().masked_fill(~known, -1)
    if kind:
        weight = draw < 0.3 if kind == "bool" else (draw - 0.5).clamp(min=0) * 2
        elements = elements * weight
    value = reduce_elements(elements, reduction, labels, weight, avg_factor, most)
    assert value.item() == pytest.approx(
        by_hand(elements, reduction, known, weight, avg_factor, most), rel=1e-10
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("num_images", [0, 3])
def test_loss_without_known_elements_is_zero(reduction, num_images):
    elements = torch.zeros(num_images, 2, requires_grad=True)
    nothing = torch.zeros(num_images, 2, dtype=torch.bool)
    value = reduce_elements(elements, reduction, torch.full((num_images, 2), -1), nothing)
    value.backward()
    assert value.item() == 0
    assert elements.grad.isfinite().all()


def test_masked_class_keeps_its_influence():
    elements = torch.tensor([[1.0], [0.0], [0.0], [0.0]])
    keep = elements > 0
    labels = torch.ones(4, 1)
    assert reduce_elements(elements, "kept_per_class", labels, keep).item() == 1
    assert reduce_elements(elements, "kept_per_class", labels, keep, max_class_factor=2).item() == 0.5


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_loss_of_an_empty_batch_is_zero(reduction):
    assert reduce_elements(torch.zeros(0, 3), reduction, torch.zeros(0, 3)) == 0


def test_unknown_reduction_raises():
    with pytest.raises(ValueError, match=r"of reduce_elements must be one of 'sum', .*Got 'none' instead"):
        reduce_elements(torch.zeros(1, 1), "none", torch.ones(1, 1))
