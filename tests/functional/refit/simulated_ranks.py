"""Two ranks in threads, with exact sums and gathered lists between them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Total = Callable[[Tensor], Tensor]
Gather = Callable[[Tensor], list[Tensor]]


def on_two_ranks(function: Callable[[int, Total, Gather], Any]) -> list[Any]:
    """Call ``function(rank, reduce_sum, gather)`` in two threads, and return the results."""
    barrier = threading.Barrier(2, timeout=60)
    values: list[Any] = [None, None]
    results: list[Any] = [None, None]
    errors: list[BaseException] = []

    def run(rank: int) -> None:
        def gather(value: Tensor) -> list[Tensor]:
            values[rank] = value.clone()
            barrier.wait()
            found = list(values)
            barrier.wait()
            return found

        try:
            results[rank] = function(rank, lambda value: torch.stack(gather(value)).sum(dim=0), gather)
        except BaseException as error:
            errors.append(error)
            barrier.abort()

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
