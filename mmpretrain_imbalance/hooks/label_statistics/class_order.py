"""Checks that the head, all datasets and the checkpoint of a run have the same classes in the same order."""

from __future__ import annotations

from typing import Any

from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop

from ...datasets import class_names
from ...utils.class_values import check_same_classes
from .setup_checks import unwrap_model


def check_class_order(runner: Runner) -> None:
    """Raise unless the head and all datasets have the same class order; then set the names of the head.

    A logit is identified by its index only. With another order in validation, the scores of one class would
    be compared with the labels of another. A head with thresholds by class name needs the class names.

    Args:
        runner: The runner, before training, validation or test.

    Raises:
        ValueError: If the class names of the head, training, validation and test set differ.
    """
    head: Any = getattr(unwrap_model(runner.model), "head", None)
    names = {"model.head": getattr(head, "class_names", None), **_class_names_of_datasets(runner)}
    orders = {owner: list(order) for owner, order in names.items() if order is not None}
    if not orders:
        return
    first, *others = orders
    for other in others:
        check_same_classes(first, orders[first], other, orders[other])
    if hasattr(head, "set_class_names"):
        head.set_class_names(orders[first])


def check_checkpoint_classes(runner: Runner, checkpoint: dict[str, Any]) -> None:
    """Raise if a run evaluates a checkpoint on other classes, or in another order, than it was trained on.

    Training from other weights (``load_from``) may have other classes; a resumed training (``resume``) may
    not. Nothing is compared if the checkpoint or the dataset has no class names.

    Args:
        runner: The runner that has loaded the checkpoint, after its loops are built.
        checkpoint: The loaded checkpoint.

    Raises:
        ValueError: If the class names of a dataset of the run differ from those of the checkpoint.
    """
    expected = ((checkpoint.get("meta") or {}).get("dataset_meta") or {}).get("classes")
    orders = _class_names_of_datasets(runner)
    if not expected or ("train_dataloader" in orders and not runner._resume):
        return
    for name, found in orders.items():
        if found:
            check_same_classes("the checkpoint", expected, name, found)


def _class_names_of_datasets(runner: Runner) -> dict[str, tuple[str, ...] | None]:
    loops = {f"{name}_dataloader": getattr(runner, f"_{name}_loop") for name in ("train", "val", "test")}
    return {  # a loop that is not built is not used in this run
        name: class_names(loop.dataloader.dataset)
        for name, loop in loops.items()
        if isinstance(loop, BaseLoop)
    }
