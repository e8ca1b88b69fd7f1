"""Two and three processes give the results of one process, with any padding of the last batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler

from mmpretrain_imbalance.metrics import PartialLabelAveragePrecision, PartialLabelMetric
from tests.metrics.samples import scores_and_labels
from tests.processes import run_ranks


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


def results(cases: list[dict]) -> list[dict]:
    """Evaluate each case in order and shuffled, as the loop of a runner does on this rank."""
    found = []
    for case in cases:
        for shuffle in (False, True):
            sampler = DefaultSampler(case["scores"], shuffle=shuffle, seed=3, round_up=case["round_up"])
            samples = [dict(pred_score=case["scores"][i], gt_score=case["labels"][i]) for i in sampler]
            counts = [300, 7, 0, 50]
            for metric in (
                PartialLabelAveragePrecision(
                    counts, pooled=True, classwise=True, auroc=True, calibration=True, coverage=True
                ),
                PartialLabelMetric(class_counts=counts),
                PartialLabelMetric(topk=2),
            ):
                for start in range(0, len(samples), case["batch_size"]):
                    metric.process(None, samples[start : start + case["batch_size"]])
                found.append(metric.evaluate(len(case["scores"])))
    return found


def results_in_a_group(cases: list[dict]) -> list[dict]:
    torch.distributed.init_process_group("gloo")
    return results(cases)


@pytest.mark.parametrize("world_size", [2, 3])
def test_processes_equal_one_process(world_size: int) -> None:
    cases = list(CASES.values())
    expected = results(cases)
    for found in run_ranks(results_in_a_group, world_size, cases):
        np.testing.assert_equal(found, expected)
