"""Samples that each sampler draws on one rank."""

from __future__ import annotations

from itertools import product

import torch
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from tests.datasets.label_table import LabelTable, long_tailed_table

SAMPLERS = {
    "class aware": dict(type="ClassAwareSampler"),
    "square root": dict(type="ClassWeightedSampler"),
    "effective number": dict(type="ClassWeightedSampler", scheme="effective_number", reduction="max"),
    "repeat factor": dict(type="RepeatFactorSampler", threshold=0.3),
}
CASES = list(product(SAMPLERS.values(), (True, False)))  # with and without round_up
NUM_IMAGES = 61  # odd, so that two ranks cannot have equally many


def samples_of_rank(seeds: list[int | None]) -> list[dict]:
    """Return the samples of two epochs per case that the loop of a runner reads on this rank."""
    init_default_scope("mmpretrain")
    found = []
    dataset = LabelTable(
        long_tailed_table(NUM_IMAGES), pipeline=[dict(type="PackInputs", meta_keys=("sample_idx",))]
    )
    for seed, (config, round_up) in zip(seeds, CASES):
        loader = Runner.build_dataloader(
            dict(
                batch_size=4,
                num_workers=0,
                dataset=dataset,
                sampler=dict(config, round_up=round_up),
                collate_fn=dict(type="pseudo_collate"),
            ),
            seed=seed,
        )
        epochs = []
        for epoch in range(2):
            loader.sampler.set_epoch(epoch)
            epochs.append([sample.sample_idx for batch in loader for sample in batch["data_samples"]])
            assert len(epochs[-1]) == len(loader.sampler)
        found.append(dict(seed=loader.sampler.seed, round_up=round_up, epochs=epochs))
    return found


def samples_in_a_group() -> list[dict]:
    """Return the samples with seed 3, and then without a seed: the ranks must agree on one."""
    torch.distributed.init_process_group("gloo")
    return samples_of_rank([3] * len(CASES)) + samples_of_rank([None] * len(CASES))
