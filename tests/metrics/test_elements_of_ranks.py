"""Gathered elements do not depend on the batches and ranks of the samples."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.metrics import gathered_elements
from mmpretrain_imbalance.metrics.gathered_elements import KnownElementBatch, gather_elements
from tests.functional.partial_tables import partial_tables


class Ranks:
    """Ranks as threads; ``all_gather`` waits until all ranks have passed their tensor."""

    def __init__(self, world_size: int) -> None:
        self.given = [None] * world_size
        self.barrier = threading.Barrier(world_size, timeout=20)
        self.rank = threading.local()

    def all_gather(self, tensor) -> list:
        self.given[self.rank.index] = tensor
        self.barrier.wait()
        gathered = list(self.given)
        self.barrier.wait()
        return gathered

    def get_dist_info(self) -> tuple[int, int]:
        return self.rank.index, len(self.given)

    def run(self, function, arguments: list[tuple]) -> list:
        def call(index: int):
            self.rank.index = index
            try:
                return function(*arguments[index])
            except BaseException:
                self.barrier.abort()  # end the waiting of the other ranks
                raise

        with mock.patch.multiple(
            gathered_elements, all_gather=self.all_gather, get_dist_info=self.get_dist_info
        ):
            with ThreadPoolExecutor(len(arguments)) as pool:
                return list(pool.map(call, range(len(arguments))))


def batch_of(scores: np.ndarray, labels: np.ndarray) -> KnownElementBatch:
    known = labels != -1
    samples, classes = np.nonzero(known)
    values = scores[known].astype(np.float32)
    return KnownElementBatch(*labels.shape, samples, classes.astype(np.int32), values, labels[known])


@given(tables=partial_tables(), world_size=st.integers(1, 3), round_up=st.booleans(), data=st.data())
def test_gathered_elements_equal_those_of_one_process(tables, world_size, round_up, data) -> None:
    scores, labels = tables
    size = len(scores)
    order = np.arange(size)
    if round_up:  # as MMEngine's sampler: repeat the first samples until all ranks have the same number
        order = np.resize(order, -(-size // world_size) * world_size)
    arguments = []
    for rank in range(world_size):
        samples = order[rank::world_size]
        cuts = sorted(data.draw(st.lists(st.integers(0, len(samples)), max_size=3)))
        parts = np.split(samples, cuts)
        arguments.append(([batch_of(scores[part], labels[part]) for part in parts if len(part)], size))
    expected = batch_of(scores, labels)
    for found in Ranks(world_size).run(gather_elements, arguments):
        assert (found.num_samples, found.num_classes) == (size, labels.shape[1])
        for column in ("samples", "classes", "values", "labels"):
            np.testing.assert_array_equal(getattr(found, column), getattr(expected, column), err_msg=column)
