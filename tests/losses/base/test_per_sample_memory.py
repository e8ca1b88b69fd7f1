"""Stored elements of single images against a set of pairs."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.functional import LossContext
from mmpretrain_imbalance.losses.base.per_sample_memory import PerSampleMemory
from tests.processes import run_ranks

batches = st.lists(
    st.tuples(st.lists(st.integers(0, 9_000_000), min_size=1, max_size=6), st.integers(0, 2**32 - 1)),
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(batches, st.integers(1, 5))
def test_equals_a_set_of_pairs(added, num_classes):
    elements, expected = PerSampleMemory(), set()
    for ids, seed in added:
        mask = torch.rand(len(ids), num_classes, generator=torch.Generator().manual_seed(seed)) < 0.4
        elements.add(torch.tensor(ids), mask, most=0)
        expected |= {(ids[n], c) for n in range(len(ids)) for c in range(num_classes) if mask[n, c]}
        elements.merge()
    assert len(elements) == len(expected)
    ids_to_look_up = sorted({image for image, _ in expected} | {0, 3, 9_000_000})
    mask = elements.lookup(torch.tensor(ids_to_look_up), num_classes)
    assert {(ids_to_look_up[n], c) for n, c in mask.nonzero().tolist()} == expected
    backwards = torch.tensor(ids_to_look_up[::-1] + ids_to_look_up[:1])  # any order, and an image twice
    torch.testing.assert_close(elements.lookup(backwards, num_classes), torch.cat([mask.flip(0), mask[:1]]))


def test_added_elements_are_stored_by_the_next_merge():
    elements = PerSampleMemory()
    elements.add(torch.tensor([1]), torch.tensor([[True]]), most=1)
    assert not elements.lookup(torch.tensor([1]), 1).any()
    elements.merge()
    assert elements.lookup(torch.tensor([1]), 1).all()


def test_state_round_trip_and_another_number_of_classes():
    elements, other = PerSampleMemory(), PerSampleMemory()
    elements.add(torch.tensor([4, 2]), torch.tensor([[True, False], [True, True]]), most=3)
    elements.merge()
    # These elements are not merged before the state is loaded.
    other.add(torch.tensor([9]), torch.tensor([[True, True]]), most=2)
    other.load_state(elements.state())
    other.merge()
    torch.testing.assert_close(other.keys, elements.keys)
    with pytest.raises(ValueError, match=r"the 3 classes of the batch. Got elements of 2 classes instead"):
        other.lookup(torch.tensor([4]), 3)


def test_memory_is_8_bytes_per_element():
    elements = PerSampleMemory()
    elements.add(torch.arange(1000) * 9000, torch.eye(1000, 9605).bool(), most=1000)
    elements.merge()
    assert elements.keys.numel() * elements.keys.element_size() == 8 * 1000
    assert set(elements.state()) == {"keys", "num_classes"}


@pytest.mark.parametrize("most", [0, 5])
@pytest.mark.parametrize("beyond", [-1, 0, 1, 40])
def test_elements_beyond_the_limit_are_dropped_from_the_last_rows(most, beyond):
    room = 2 * most + 64
    ids = torch.randperm(60, generator=torch.Generator().manual_seed(0))
    mask = torch.rand(60, 3, generator=torch.Generator().manual_seed(1)) < 0.8
    positions = mask.nonzero().tolist()  # in row order
    assert len(positions) > room + beyond
    for n, c in positions[room + beyond :]:
        mask[n, c] = False
    elements = PerSampleMemory()
    elements.add(ids, mask, most)
    elements.merge()
    remembered = elements.lookup(torch.arange(60), 3).nonzero().tolist()
    expected = [[int(ids[n]), c] for n, c in positions[: room + min(beyond, 0)]]
    assert remembered == sorted(expected)


def test_a_mask_with_fewer_elements_than_the_limit():
    elements = PerSampleMemory()
    elements.add(torch.tensor([3]), torch.tensor([[False, True]]), most=1)
    elements.add(torch.tensor([5]), torch.tensor([[False, False]]), most=1)
    elements.merge()
    assert elements.keys.tolist() == [3 * 2 + 1]


WITH_IMAGES = {
    "AsymmetricPseudoLabelLoss": dict(num_images=4, warmup_epochs=1),
    "OnlineLabelEstimationLoss": dict(num_images=4, num_classes=2, expected_positives=1),
}


def step(loss, ids, size=2):
    logits, labels = torch.zeros(size, 2, requires_grad=True), torch.full((size, 2), -1)
    return loss(logits, labels, context=LossContext(sample_ids=torch.tensor(ids)))


def loss_of_images(name, validate, wrapped=False):
    config = dict(type=name, **WITH_IMAGES[name])
    if wrapped:
        config = dict(type="ClassPriorTrackingLoss", loss=config)
    loss = MODELS.build(dict(config, validate=validate)).train()
    for module in loss.modules():
        if hasattr(module, "set_label_counts"):
            module.set_label_counts(torch.ones(2), torch.ones(2))
            module.set_progress(0, 4, 0)
    return loss


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(("ids", "wrong"), [([1, 7], 7), ([4, 3], 4), ([3, -1], -1)])
@pytest.mark.parametrize("name", WITH_IMAGES)
def test_ids_beyond_the_training_set_raise_now(name, ids, wrong, wrapped):
    message = f"'num_images' argument of {name} must be the length .* Got 4 and the sample id {wrong} "
    with pytest.raises(ValueError, match=message):
        step(loss_of_images(name, "now", wrapped), ids)


@pytest.mark.parametrize("ids", [[1, 7], [4, 3], [3, -1]])
@pytest.mark.parametrize("name", WITH_IMAGES)
def test_ids_beyond_the_training_set_raise_later(name, ids):
    loss = loss_of_images(name, "later")
    step(loss, ids)  # this step records the error
    message = (
        f"'num_images' argument of {name} must be the length of the training set, larger than every sample "
        f"id. Got another value at sample {int(ids[0] in (1, 3))} "
    )
    with pytest.raises(ValueError, match=message):
        step(loss, [0, 1])
    step(loss, [0, 1])  # it is reported once


@pytest.mark.parametrize("validate", ["now", "later", "never"])
@pytest.mark.parametrize("name", WITH_IMAGES)
def test_ids_of_the_training_set_are_accepted(name, validate):
    loss = loss_of_images(name, validate)
    for _ in range(2):
        assert step(loss, [0, 3]).isfinite()
    loss.delayed_validation.raise_found(name)


@pytest.mark.parametrize("validate", ["now", "later"])
@pytest.mark.parametrize("name", WITH_IMAGES)
def test_ids_of_a_validation_set_are_not_checked(name, validate):
    loss = loss_of_images(name, validate).eval()
    for _ in range(2):
        assert step(loss, [70, 80]).isfinite()
    loss.delayed_validation.raise_found(name)


@pytest.mark.parametrize("name", WITH_IMAGES)
def test_ids_that_are_not_validated_are_clamped(name):
    assert step(loss_of_images(name, "never"), [70, -5]).isfinite()


def merged_keys() -> list[int]:
    torch.distributed.init_process_group("gloo")
    rank, elements = torch.distributed.get_rank(), PerSampleMemory()
    # Image 3 is on both ranks, as if a sampler filled up the last batch. Rank 1 adds more elements.
    elements.add(torch.tensor([3]), torch.tensor([[True, False, rank == 1]]), most=2)
    if rank:
        elements.add(torch.tensor([8, 0]), torch.ones(2, 3).bool(), most=6)
    elements.merge()
    elements.merge()
    return elements.keys.tolist()


def test_two_ranks_store_the_union():
    assert run_ranks(merged_keys, 2) == [[0, 1, 2, 9, 11, 24, 25, 26]] * 2
