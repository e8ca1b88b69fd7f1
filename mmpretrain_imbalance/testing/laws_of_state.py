"""Laws of the state of a loss: checkpoints, copies, casts, random numbers."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable

import torch

from ..losses import ElementwiseLoss
from .loss_case import LossCase


def checkpoint_round_trip(case: LossCase) -> None:
    """A checkpoint restores the loss, also without a training set that defines the size of the buffers."""
    trained = case.build()
    logits, labels = case.random_batch()
    case.call(trained, logits, labels)
    for state in case.states(trained):
        state.update_statistics()
    stored = io.BytesIO()
    torch.save(trained.state_dict(), stored)
    stored.seek(0)
    fresh = case.raw()
    fresh.load_state_dict(torch.load(stored, weights_only=True))
    remedy = "Keep values per class in register_class_buffer, and other state in register_buffer."
    if fresh.state_dict().keys() != trained.state_dict().keys():
        case.fail("a checkpoint must hold the same keys", sorted(fresh.state_dict()), remedy)
    for key, value in trained.state_dict().items():
        case.expect_close(fresh.state_dict()[key], value, f"{key} must be restored", remedy, rtol=0, atol=0)
    case.expect_close(
        case.call(fresh.eval(), logits, labels),
        case.call(trained.eval(), logits, labels),
        "the loss must be the same after loading",
        remedy,
        rtol=0,
        atol=0,
    )


def gathered_buffers_stay_out_of_checkpoints(case: LossCase) -> None:
    """Buffers that a rank gathers within an epoch are not in the checkpoint."""
    loss = case.build()
    stored = {id(value) for value in loss.state_dict(keep_vars=True).values()}
    for state in case.states(loss):
        if any(id(buffer) in stored for buffer in state.gathered()):
            case.fail(
                "gathered buffers must not be in a checkpoint",
                sorted(loss.state_dict()),
                "Register them with register_class_buffer(name, gathered=True) or register_gathered.",
            )


def copies(case: LossCase) -> None:
    """A loss can be copied, as EMA does, and pickled, as launchers of processes do."""
    logits, labels = case.random_batch()

    def pickled(loss: ElementwiseLoss) -> ElementwiseLoss:
        unpickled: ElementwiseLoss = pickle.loads(pickle.dumps(loss))
        return unpickled

    duplicates: tuple[Callable[[ElementwiseLoss], ElementwiseLoss], ...] = (copy.deepcopy, pickled)
    for duplicate in duplicates:
        loss = case.build()
        case.expect_close(
            case.call(duplicate(loss), logits, labels),
            case.call(loss, logits, labels),
            "a copy must return the same loss",
            "Keep no lambda, open file or device event in an attribute.",
            rtol=0,
            atol=0,
        )


def model_casts(case: LossCase) -> None:
    """A cast such as ``model.half()`` does not change buffers: a count of 70,000 would become infinite."""
    logits, labels = case.random_batch()
    expected = case.call(case.build().eval(), logits, labels)
    for cast in ("half", "bfloat16", "double"):
        loss = case.build().eval()
        before = {name: buffer.dtype for name, buffer in loss.named_buffers()}
        getattr(loss, cast)()
        remedy = "Register buffers on the loss and not on a sub-module, so that the loss keeps their dtype."
        for name, buffer in loss.named_buffers():
            if buffer.dtype != before[name]:
                case.fail(f"the buffer {name} must stay {before[name]} under {cast}()", buffer.dtype, remedy)
        case.expect_close(
            case.call(loss, logits, labels),
            expected,
            f"the loss must be the same after {cast}()",
            remedy,
            check_dtype=False,
            rtol=1e-5,
            atol=1e-6,
        )


def reproducible_randomness(case: LossCase) -> None:
    """A resumed run repeats the random numbers of an iteration, and the global random state is not used."""
    logits, labels = case.random_batch(16)
    loss = case.build()
    before = torch.get_rng_state()
    values = []
    for iteration in (7, 7, 8):
        case.prepare(loss, iteration=iteration)
        values.append(case.elements(loss, logits, labels))
    remedy = "Get random numbers from self.random_table(num_rows, num_columns)."
    if not torch.equal(torch.get_rng_state(), before):
        case.fail("the global random state must not change", "another state", remedy)
    case.expect_close(
        values[1], values[0], "the same iteration must return the same loss", remedy, rtol=0, atol=0
    )
    if not case.traits.stochastic:
        case.expect_close(
            values[2],
            values[0],
            "a loss that is not stochastic must not depend on the iteration",
            "If random numbers are intended, set Traits(stochastic=True).",
            rtol=0,
            atol=0,
        )


LAWS = (
    checkpoint_round_trip,
    gathered_buffers_stay_out_of_checkpoints,
    copies,
    model_casts,
    reproducible_randomness,
)
