"""Two and three processes give the results of one process, with any padding of the last batch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.architecture.source_tree import ROOT
from tests.metrics import rank_results
from tests.metrics.samples import scores_and_labels


def case(num_images: int, batch_size: int, round_up: bool = True) -> dict:
    scores, labels = scores_and_labels(num_images)
    return dict(scores=scores, labels=labels, batch_size=batch_size, round_up=round_up)


CASES = {
    "no padding": case(24, 4),
    "one padded sample with 2 ranks and with 3": case(23, 5),
    "two padded samples with 3 ranks": case(22, 3),
    "fewer images than ranks": case(2, 2),
    "uneven ranks": case(23, 5, round_up=False),
    "a rank without any image": case(2, 2, round_up=False),
}


@pytest.mark.slow
@pytest.mark.parametrize("world_size", [2, 3])
def test_processes_equal_one_process(world_size: int, tmp_path: Path) -> None:
    torch.save(list(CASES.values()), tmp_path / "cases.pt")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    ranks = [
        subprocess.Popen(
            [sys.executable, rank_results.__file__, str(rank), str(world_size), tmp_path], env=environment
        )
        for rank in range(world_size)
    ]
    try:
        assert [rank.wait(timeout=300) for rank in ranks] == [0] * world_size
    finally:
        for rank in ranks:
            rank.kill()
    expected = rank_results.rank_results(list(CASES.values()))
    for rank in range(world_size):
        np.testing.assert_equal(torch.load(tmp_path / f"{rank}.pt"), expected)
