"""Samplers in real loops: two gloo processes draw the images of one, and resumed runs continue exactly."""

from __future__ import annotations

import pytest
import torch
from mmengine.runner import Runner

from tests.datasets.label_table import LabelTable, long_tailed_table
from tests.datasets.samplers import rank_samples
from tests.processes import run_ranks

every_sampler = pytest.mark.parametrize(
    "sampler", rank_samples.SAMPLERS.values(), ids=rank_samples.SAMPLERS.keys()
)


def test_two_processes_together_draw_the_images_of_one() -> None:
    first, second = run_ranks(rank_samples.samples_in_a_group, 2)
    seeds = [case["seed"] for case in first]
    assert seeds == [case["seed"] for case in second]
    num_cases = len(rank_samples.CASES)
    assert seeds[:num_cases] == [3] * num_cases  # the ranks agreed on the other seeds
    alone = rank_samples.samples_of_rank(seeds[:num_cases]) + rank_samples.samples_of_rank(seeds[num_cases:])
    for own, other, whole in zip(first, second, alone):
        for mine, others, expected in zip(own["epochs"], other["epochs"], whole["epochs"]):
            joined = [None] * (len(mine) + len(others))
            joined[::2], joined[1::2] = mine, others
            padding = expected[: len(expected) % 2] if own["round_up"] else []
            assert joined == expected + padding


class Recorder(torch.nn.Module):
    """Model that records the samples of its training steps."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen: list[int] = []

    def train_step(self, data, optim_wrapper):
        self.seen += [sample.sample_idx for sample in data["data_samples"]]
        optim_wrapper.update_params(self.weight.square().sum())
        return dict(loss=self.weight.sum())


def samples_seen(folder, sampler, train_cfg, resume=False) -> list[int]:
    by_epoch = train_cfg["by_epoch"]
    model = Recorder()
    dataset = LabelTable(long_tailed_table(40), pipeline=[dict(type="PackInputs", meta_keys=("sample_idx",))])
    Runner(
        model=model,
        work_dir=str(folder),
        train_dataloader=dict(
            batch_size=8,
            num_workers=0,
            sampler=sampler,
            dataset=dataset,
            collate_fn=dict(type="pseudo_collate"),
        ),
        train_cfg=train_cfg,
        optim_wrapper=dict(optimizer=dict(type="SGD", lr=0.1)),
        default_hooks=dict(
            logger=None,
            checkpoint=dict(type="CheckpointHook", by_epoch=by_epoch, interval=1 if by_epoch else 7),
        ),
        randomness=dict(seed=5),
        resume=resume,
        log_level="ERROR",
        default_scope="mmpretrain",
        experiment_name=f"{folder.parent.name}_{folder.name}_{resume}",
    ).train()
    return model.seen


@every_sampler
def test_a_run_resumed_after_an_epoch_sees_the_same_samples(tmp_path, sampler) -> None:
    def epochs(number: int) -> dict:
        return dict(by_epoch=True, max_epochs=number)

    whole = samples_seen(tmp_path / "whole", sampler, epochs(4))
    first = samples_seen(tmp_path / "parts", sampler, epochs(2))
    second = samples_seen(tmp_path / "parts", sampler, epochs(4), resume=True)
    assert first + second == whole
    assert len(second) == len(whole) / 2
    assert first != second


@every_sampler
def test_a_run_resumed_within_an_epoch_sees_the_same_samples(monkeypatch, tmp_path, sampler) -> None:
    """Iteration-based runs are resumed in the middle of their second epoch."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # MMEngine waits 2 s after every epoch

    def iterations(number: int) -> dict:
        return dict(by_epoch=False, max_iters=number, val_interval=100)

    whole = samples_seen(tmp_path / "whole", sampler, iterations(14))
    first = samples_seen(tmp_path / "parts", sampler, iterations(7))
    second = samples_seen(tmp_path / "parts", sampler, iterations(14), resume=True)
    assert 40 < len(first) < 2 * 40
    assert first + second == whole
