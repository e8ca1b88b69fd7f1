"""Errors of the delayed validation raise before statistics are updated or a checkpoint is saved."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmpretrain_imbalance.functional import LossContext
from mmpretrain_imbalance.losses import LossState, PartialAsymmetricLoss
from tests.integration.small_runs import small_config
from tests.losses.smallest_losses import SMALLEST, build

#: 96 images in batches of 32, so steps 0 to 2 are the first epoch.
LAST_STEP_OF_FIRST_EPOCH, LAST_STEP_OF_RUN = 2, 5
LOGIT = r"'logits' argument of ClassPriorTrackingLoss must be numbers.* at sample 7, class 3 of an earlier"


class BreakOneLogit(Hook):
    """Hook that sets a logit to NaN in one step, as a diverging model does."""

    def __init__(self, iteration: int) -> None:
        self.iteration = iteration

    def before_train(self, runner: Runner) -> None:
        def broken(module, args, logits):
            if runner.iter == self.iteration and module.training:
                logits = logits.index_put((torch.tensor(7), torch.tensor(3)), torch.tensor(torch.nan))
            return logits

        runner.model.head.fc.register_forward_hook(broken)


class FinishedSteps(Hook):
    """Hook that records the finished steps."""

    def __init__(self) -> None:
        self.done: list[int] = []

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        self.done.append(runner.iter)


def run_of(work_dir: Path, *hooks: Hook, validate: str = "later") -> Runner:
    cfg = small_config(work_dir)
    cfg.model.head.loss.validate = validate
    runner = Runner.from_cfg(cfg)
    for hook in hooks:
        runner.register_hook(hook)
    return runner


def written_files(work_dir: Path) -> set[str]:
    checkpoints = {path.name for path in work_dir.glob("*.pth")}
    return checkpoints | {path.name for path in (work_dir / "label_statistics").glob("*")}


@pytest.mark.parametrize(
    ("iteration", "files"),
    [(LAST_STEP_OF_FIRST_EPOCH, set()), (LAST_STEP_OF_RUN, {"epoch_1.pth", "epoch_1.json"})],
)
def test_an_error_in_the_last_step_raises_before_update_and_checkpoint(tmp_path, iteration, files):
    steps = FinishedSteps()
    with pytest.raises(ValueError, match=LOGIT):
        run_of(tmp_path, BreakOneLogit(iteration), steps).train()
    assert steps.done == list(range(iteration + 1))
    assert written_files(tmp_path) == files


def test_an_error_within_an_epoch_raises_in_a_later_step(tmp_path):
    steps = FinishedSteps()
    with pytest.raises(ValueError, match=LOGIT):
        run_of(tmp_path, BreakOneLogit(0), steps).train()
    assert steps.done == [0]


def test_only_the_hook_raises_for_compiled_losses(tmp_path):
    """A compiled step records the error but cannot raise."""
    torch._dynamo.reset()
    steps = FinishedSteps()
    runner = run_of(tmp_path, BreakOneLogit(0), steps)
    runner.model.head.loss_module.compile(backend="eager", fullgraph=True)
    with pytest.raises(ValueError, match=LOGIT):
        runner.train()
    assert steps.done == [0, 1, 2]
    assert not written_files(tmp_path)


@pytest.mark.parametrize("validate", ["later", "never"])
def test_a_run_without_recorded_errors_finishes(tmp_path, validate):
    steps = FinishedSteps()
    hooks = [BreakOneLogit(0)] if validate == "never" else []
    run_of(tmp_path, steps, *hooks, validate=validate).train()
    assert steps.done == list(range(6))


def test_immediate_validation_raises_in_the_same_step(tmp_path):
    steps = FinishedSteps()
    with pytest.raises(ValueError, match=r"Got nan at sample 7, class 3"):
        run_of(tmp_path, BreakOneLogit(1), steps, validate="now").train()
    assert steps.done == [0]


def test_an_error_after_the_last_update_raises_at_the_end_of_training(tmp_path):
    class WrongLabels(Hook):
        priority = "VERY_LOW"

        def after_train_epoch(self, runner: Runner) -> None:
            if runner.epoch == 1:
                labels = torch.tensor([[0, 1, -1], [0, 5, 0]])
                validation = runner.model.head.loss_module.delayed_validation
                validation.record_wrong_values(torch.zeros(2, 3), labels)

    message = (
        r"'labels' argument of ClassPriorTrackingLoss must be 1 \(positive\).* at sample 1, class 1 of an"
    )
    with pytest.raises(ValueError, match=message):
        run_of(tmp_path, WrongLabels()).train()
    assert {"epoch_2.pth", "epoch_2.json"} < written_files(tmp_path)


def test_an_error_raises_once():
    """A raised error is cleared, so a caller that continues does not get it again."""
    loss = PartialAsymmetricLoss(validate="later")
    logits, wrong = torch.zeros(1, 2), torch.tensor([[0.0, 2.0]])
    loss(logits, wrong)
    with pytest.raises(ValueError, match=r"at sample 0, class 1 of an earlier batch"):
        loss(logits, torch.zeros(1, 2))
    for _ in range(3):
        loss(logits, torch.zeros(1, 2))


WRONG_VALUES = {
    "a NaN logit": ("logits", torch.nan, torch.float32),
    "a label above 1": ("labels", 7, torch.float32),
    "a label below -1": ("labels", -5, torch.float32),
    "a NaN label": ("labels", torch.nan, torch.float32),
    "an integer label above 1": ("labels", 7, torch.int8),
    "an integer label below -1": ("labels", -5, torch.int64),
    "a sample id that is too large": ("num_images", 1000, torch.float32),
    "a negative sample id": ("num_images", -1000, torch.float32),
}


@pytest.mark.parametrize(
    ("name", "case"),
    [
        (name, case)
        for name, config in SMALLEST.items()
        for case, (argument, _, _) in WRONG_VALUES.items()
        if argument != "num_images" or argument in config  # only losses with per-image values
    ],
)
def test_no_wrong_value_breaks_a_step_before_it_is_reported(name, case):
    """On a GPU, an index out of range would abort the process with a message of CUDA."""
    loss = build(dict(SMALLEST[name], validate="later"))
    argument, value, dtype = WRONG_VALUES[case]
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 3, generator=generator)
    labels = torch.randint(-1, 2, (6, 3), generator=generator).to(dtype)
    inputs = {"logits": logits, "labels": labels, "num_images": torch.arange(6)}
    inputs[argument].view(6, -1)[2, -1] = value
    elements = loss(logits.requires_grad_(), labels, context=LossContext(sample_ids=inputs["num_images"]))
    elements.sum().backward()
    for module in loss.modules():
        if isinstance(module, LossState):
            module.update_statistics()
    where = "sample 2 of" if argument == "num_images" else "sample 2, class 2 of"
    with pytest.raises(
        ValueError, match=f"'{argument}' argument of {name} must be .*{where} an earlier batch"
    ):
        loss.delayed_validation.raise_found(name)
