"""Laws of a GPU: nothing is read back, and the formula compiles."""

from __future__ import annotations

import torch

from .host_reads import HostReads
from .loss_case import LossCase


def nothing_is_read_back(case: LossCase) -> None:
    """A training step that reads a tensor waits for the GPU."""
    for dtype in (torch.float32, torch.int8):
        logits, labels = case.tables()
        loss = case.build(validate="later")
        case.call(loss, logits, labels.to(dtype)).backward()  # what is allocated once is not counted
        with HostReads() as reads:
            case.call(loss, logits, labels.to(dtype)).backward()
        if reads.names:
            case.fail(
                f"a training step on labels of {dtype} must read nothing back",
                ", ".join(reads.names),
                "Write torch.where and masks; no if, .item(), float(tensor), nonzero or boolean index.",
            )


def wrong_values_raise_later(case: LossCase) -> None:
    """What is not waited for is not forgotten either."""
    logits, labels = case.tables()
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
    """A compiled model keeps one graph for all epochs, and the loss does not break it."""
    if any(hasattr(state, "image_state") for state in case.states(case.raw())):
        return  # a memory of images grows with the epochs
    eager, module = case.build(), case.build()
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    remedy = "Read no tensor in Python, and keep what changes between steps in buffers, not in numbers."
    for epoch in range(5):
        steps = []
        for loss, call in ((eager, eager), (module, compiled)):
            case.tell(loss, epoch, iteration=epoch)
            logits, labels = case.tables(seed=epoch)
            try:
                value = case.call(call, logits, labels)
            except Exception as error:
                case.fail("torch.compile(fullgraph=True) must take the loss", repr(error)[:500], remedy)
            value.backward()
            steps.append((value.detach(), logits.grad))
        for plain, built in zip(*steps):
            case.expect_close(built, plain, f"compiled and eager must agree in epoch {epoch}", remedy)
    graphs = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    torch._dynamo.reset()
    if graphs != 1:
        case.fail("one graph must serve all epochs", f"{graphs} graphs", remedy)


def autocast(case: LossCase) -> None:
    """Mixed precision hands over half-precision logits."""
    logits, labels = case.tables()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = case.call(case.build(), logits.to(torch.bfloat16), labels)
    if loss.dtype != torch.float32:
        case.fail(
            "the loss must be float32 under autocast", loss.dtype, "Leave forward() to ElementwiseLoss."
        )


LAWS = (nothing_is_read_back, wrong_values_raise_later, one_compiled_graph, autocast)
