"""A fault that a loss validates later raises before anything is updated or saved."""

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

#: 96 images in batches of 32: steps 0 to 2 are the first epoch.
LAST_OF_THE_FIRST_EPOCH, LAST_OF_THE_RUN = 2, 5
LOGIT = r"'logits' argument of ClassPriorTrackingLoss must be numbers.* at sample 7, class 3 of an earlier"


class BreakOneLogit(Hook):
    """Makes a logit NaN in one step, as a model does that diverges."""

    def __init__(self, iteration: int) -> None:
        self.iteration = iteration

    def before_train(self, runner: Runner) -> None:
        def broken(module, args, logits):
            if runner.iter == self.iteration and module.training:
                logits = logits.index_put((torch.tensor(7), torch.tensor(3)), torch.tensor(torch.nan))
            return logits

        runner.model.head.fc.register_forward_hook(broken)


class Steps(Hook):
    """Remembers which steps have come to their end."""

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


def written(work_dir: Path) -> set[str]:
    found = {path.name for path in work_dir.glob("*.pth")}
    return found | {path.name for path in (work_dir / "label_statistics").glob("*")}


@pytest.mark.parametrize(
    ("iteration", "left"),
    [(LAST_OF_THE_FIRST_EPOCH, set()), (LAST_OF_THE_RUN, {"epoch_1.pth", "epoch_1.json"})],
)
def test_a_fault_of_the_last_step_raises_before_the_update_and_the_checkpoint(tmp_path, iteration, left):
    steps = Steps()
    with pytest.raises(ValueError, match=LOGIT):
        run_of(tmp_path, BreakOneLogit(iteration), steps).train()
    assert steps.done == list(range(iteration + 1))
    assert written(tmp_path) == left


def test_a_fault_in_an_epoch_raises_in_a_later_step(tmp_path):
    steps = Steps()
    with pytest.raises(ValueError, match=LOGIT):
        run_of(tmp_path, BreakOneLogit(0), steps).train()
    assert steps.done == [0]


def test_of_compiled_losses_only_the_hook_raises(tmp_path):
    """The compiled step writes the fault; it has nothing to raise by."""
    torch._dynamo.reset()
    steps = Steps()
    runner = run_of(tmp_path, BreakOneLogit(0), steps)
    runner.model.head.loss_module.compile(backend="eager", fullgraph=True)
    with pytest.raises(ValueError, match=LOGIT):
        runner.train()
    assert steps.done == [0, 1, 2]
    assert not written(tmp_path)


@pytest.mark.parametrize("validate", ["later", "never"])
def test_a_run_without_a_fault_comes_to_its_end(tmp_path, validate):
    steps = Steps()
    hooks = [BreakOneLogit(0)] if validate == "never" else []
    run_of(tmp_path, steps, *hooks, validate=validate).train()
    assert steps.done == list(range(6))


def test_validation_now_stops_at_the_step_itself(tmp_path):
    steps = Steps()
    with pytest.raises(ValueError, match=r"Got nan at sample 7, class 3"):
        run_of(tmp_path, BreakOneLogit(1), steps, validate="now").train()
    assert steps.done == [0]


def test_a_fault_after_the_last_update_raises_at_the_end_of_the_training(tmp_path):
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
    assert {"epoch_2.pth", "epoch_2.json"} < written(tmp_path)


def test_a_fault_raises_once():
    """What was raised is forgotten, so that a caller who goes on is not stopped by it again."""
    loss = PartialAsymmetricLoss(validate="later")
    logits, wrong = torch.zeros(1, 2), torch.tensor([[0.0, 2.0]])
    loss(logits, wrong)
    with pytest.raises(ValueError, match=r"at sample 0, class 1 of an earlier batch"):
        loss(logits, torch.zeros(1, 2))
    for _ in range(3):
        loss(logits, torch.zeros(1, 2))


FAULTS = {
    "a logit that is no number": ("logits", torch.nan, torch.float32),
    "a label above the convention": ("labels", 7, torch.float32),
    "a label below it": ("labels", -5, torch.float32),
    "a label that is no number": ("labels", torch.nan, torch.float32),
    "a whole label above the convention": ("labels", 7, torch.int8),
    "a whole label below it": ("labels", -5, torch.int64),
    "a sample id beyond the table": ("num_images", 1000, torch.float32),
    "a sample id below 0": ("num_images", -1000, torch.float32),
}


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        (name, fault)
        for name, config in SMALLEST.items()
        for fault, (argument, _, _) in FAULTS.items()
        if argument != "num_images" or argument in config  # the table of images of that loss
    ],
)
def test_no_fault_breaks_a_step_before_it_is_reported(name, fault):
    """On a GPU an index out of range would end the process, with a message of nobody's."""
    loss = build(dict(SMALLEST[name], validate="later"))
    argument, value, dtype = FAULTS[fault]
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 3, generator=generator)
    labels = torch.randint(-1, 2, (6, 3), generator=generator).to(dtype)
    tables = {"logits": logits, "labels": labels, "num_images": torch.arange(6)}
    tables[argument].view(6, -1)[2, -1] = value
    table = loss(logits.requires_grad_(), labels, context=LossContext(sample_ids=tables["num_images"]))
    table.sum().backward()
    for module in loss.modules():
        if isinstance(module, LossState):
            module.update_statistics()
    where = "sample 2 of" if argument == "num_images" else "sample 2, class 2 of"
    with pytest.raises(
        ValueError, match=f"'{argument}' argument of {name} must be .*{where} an earlier batch"
    ):
        loss.delayed_validation.raise_found(name)
