"""Laws of what a loss keeps: checkpoints, copies, casts, draws."""

from __future__ import annotations

import copy
import io
import pickle

import torch

from .loss_case import LossCase


def checkpoint_round_trip(case: LossCase) -> None:
    """A model that is built for testing has no dataset to size its buffers by."""
    trained = case.build()
    logits, labels = case.tables()
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
        case.expect_close(fresh.state_dict()[key], value, f"{key} must come back", remedy, rtol=0, atol=0)
    case.expect_close(
        case.call(fresh.eval(), logits, labels),
        case.call(trained.eval(), logits, labels),
        "the loss must be the same after loading",
        remedy,
        rtol=0,
        atol=0,
    )


def gathered_buffers_stay_out_of_checkpoints(case: LossCase) -> None:
    """What one rank has gathered within an epoch is not the state of the run."""
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
    """EMA copies a model, and a launcher pickles it."""
    logits, labels = case.tables()
    for way in (copy.deepcopy, lambda loss: pickle.loads(pickle.dumps(loss))):
        loss = case.build()
        twin = way(loss)
        case.expect_close(
            case.call(twin, logits, labels),
            case.call(loss, logits, labels),
            "a copy must give the same loss",
            "Keep no lambda, open file or device event in an attribute.",
            rtol=0,
            atol=0,
        )


def casts_of_the_model(case: LossCase) -> None:
    """``model.half()`` must not turn a count of 70,000 into infinity."""
    logits, labels = case.tables()
    expected = case.call(case.build().eval(), logits, labels)
    for cast in ("half", "bfloat16", "double"):
        loss = case.build().eval()
        before = {name: buffer.dtype for name, buffer in loss.named_buffers()}
        getattr(loss, cast)()
        remedy = "Register buffers on the loss itself, whose _apply keeps their dtype."
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


def draws_of_an_iteration(case: LossCase) -> None:
    """A resumed run repeats its draws, and touches nobody else's random numbers."""
    logits, labels = case.tables(16)
    loss = case.build()
    before = torch.get_rng_state()
    values = []
    for iteration in (7, 7, 8):
        case.tell(loss, iteration=iteration)
        values.append(case.elements(loss, logits, labels))
    remedy = "Draw with self.random_table(num_rows, num_columns)."
    if not torch.equal(torch.get_rng_state(), before):
        case.fail("the global random state must be left alone", "another state", remedy)
    case.expect_close(values[1], values[0], "the same iteration must repeat itself", remedy, rtol=0, atol=0)
    if not case.traits.stochastic:
        case.expect_close(
            values[2],
            values[0],
            "a loss that is not stochastic must not depend on the iteration",
            "Write Traits(stochastic=True).",
            rtol=0,
            atol=0,
        )


LAWS = (
    checkpoint_round_trip,
    gathered_buffers_stay_out_of_checkpoints,
    copies,
    casts_of_the_model,
    draws_of_an_iteration,
)
