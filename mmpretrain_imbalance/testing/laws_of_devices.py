"""Laws of losses on a GPU: no host reads, compilation, autocast."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from .host_reads import HostReads
from .loss_case import LossCase


def no_host_reads(case: LossCase) -> None:
    """A training step must not read values of tensors on the host, because that waits for the GPU."""
    for dtype in (torch.float32, torch.int8):
        logits, labels = case.random_batch()
        loss = case.build(validate="later")
        # The first step is not counted, because it may allocate buffers.
        case.gradient(case.call(loss, logits, labels.to(dtype)), logits)
        with HostReads() as reads:
            case.gradient(case.call(loss, logits, labels.to(dtype)), logits)
        if reads.names:
            case.fail(
                f"a training step with labels of {dtype} must have no host reads",
                ", ".join(reads.names),
                "Use torch.where and masks, not if, .item(), float(tensor), nonzero or boolean indices.",
            )


def wrong_values_raise_later(case: LossCase) -> None:
    """With ``validate='later'``, a wrong value raises an error in a later step."""
    logits, labels = case.random_batch()
    wrong = labels.clone()
    wrong[1, 2 % case.num_classes] = 7
    loss = case.build(validate="later")
    case.call(loss, logits, wrong)
    case.expect_raises(
        ValueError,
        f"at sample 1, class {2 % case.num_classes} of an earlier batch",
        lambda: [case.call(loss, logits, labels) for _ in range(2)],
        "a wrong label must raise in a later step",
        "Leave forward() to ElementwiseLoss.",
    )


def one_compiled_graph(case: LossCase) -> None:
    """The loss compiles into one graph without graph breaks, which serves all epochs."""
    if any(hasattr(state, "image_state") for state in case.states(case.raw())):
        return  # a set of elements that grows with the epochs cannot be compiled
    eager, module = case.build(), case.build()
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    compiled = cast(nn.Module, torch.compile(module, fullgraph=True, backend="aot_eager"))
    remedy = "Read no tensor in Python, and keep values that change between steps in buffers."
    for epoch in range(5):
        steps = []
        for loss, called in ((eager, eager), (module, compiled)):
            case.prepare(loss, epoch, iteration=epoch)
            logits, labels = case.random_batch(seed=epoch)
            try:
                value = case.call(called, logits, labels)
            except Exception as error:
                case.fail("torch.compile(fullgraph=True) must compile the loss", repr(error)[:500], remedy)
            steps.append((value.detach(), case.gradient(value, logits)))
        for expected, found in zip(*steps):
            case.expect_close(found, expected, f"compiled and eager must agree in epoch {epoch}", remedy)
    graphs = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    torch._dynamo.reset()
    if graphs != 1:
        case.fail("one graph must serve all epochs", f"{graphs} graphs", remedy)


def autocast(case: LossCase) -> None:
    """The loss is float32 under autocast, where the logits are in half precision."""
    logits, labels = case.random_batch()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = case.call(case.build(), logits.to(torch.bfloat16), labels)
    if loss.dtype != torch.float32:
        case.fail(
            "the loss must be float32 under autocast", loss.dtype, "Leave forward() to ElementwiseLoss."
        )


LAWS = (no_host_reads, wrong_values_raise_later, one_compiled_graph, autocast)
