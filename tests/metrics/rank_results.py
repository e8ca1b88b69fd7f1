"""Results of the metrics for some cases; run as a program with ``rank world_size folder`` for one rank."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from mmengine.dataset import DefaultSampler

from mmpretrain_imbalance.metrics import PartialLabelAveragePrecision, PartialLabelMetric
from tools._lib.cpu_processes import leave_process_group


def rank_results(cases: list[dict]) -> list[dict]:
    """Evaluate each case in order and shuffled, as the loop of a runner does on this rank."""
    results = []
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
                results.append(metric.evaluate(len(case["scores"])))
    return results


if __name__ == "__main__":
    rank, world_size, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder / 'rendezvous'}", rank=rank, world_size=world_size
    )
    torch.save(rank_results(torch.load(folder / "cases.pt")), folder / f"{rank}.pt")
    leave_process_group()
