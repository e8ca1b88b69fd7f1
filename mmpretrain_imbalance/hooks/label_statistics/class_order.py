"""The order of the classes in a run: one for the head, all data sets and the checkpoint."""

from __future__ import annotations

from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop

from ...datasets import class_names
from ...utils.class_values import check_same_classes
from .setup_checks import unwrap_model


def name_classes(runner: Runner) -> None:
    """Check that the data sets of a run name their classes in one order, and tell the head the names.

    A logit is known by its place only, so another order in validation would compare the scores of one class
    with the labels of another. Thresholds that a head was given by class name wait for the names.

    Args:
        runner: The runner, about to train, validate or test.

    Raises:
        ValueError: If two of the head, training, validation and test set name their classes differently.
    """
    head = getattr(unwrap_model(runner.model), "head", None)
    orders = {"model.head": getattr(head, "class_names", None), **_orders_of_data_sets(runner)}
    orders = {name: list(order) for name, order in orders.items() if order is not None}
    if not orders:
        return
    first, *others = orders
    for other in others:
        check_same_classes(first, orders[first], other, orders[other])
    if hasattr(head, "set_class_names"):
        head.set_class_names(orders[first])


def check_checkpoint_classes(runner: Runner, checkpoint: dict) -> None:
    """Check that what a run evaluates has the classes that the checkpoint was trained on, in their order.

    A training that begins from other weights (``load_from``) may have other classes; one that goes on
    (``resume``) may not. Where either side names no classes there is nothing to compare.

    Args:
        runner: The runner that has loaded the checkpoint, its loops built.
        checkpoint: What was loaded.

    Raises:
        ValueError: If a data set of the run names its classes differently.
    """
    expected = ((checkpoint.get("meta") or {}).get("dataset_meta") or {}).get("classes")
    orders = _orders_of_data_sets(runner)
    if not expected or ("train_dataloader" in orders and not runner._resume):
        return
    for name, found in orders.items():
        if found:
            check_same_classes("the checkpoint", expected, name, found)


def _orders_of_data_sets(runner: Runner) -> dict[str, tuple[str, ...] | None]:
    loops = {f"{name}_dataloader": getattr(runner, f"_{name}_loop") for name in ("train", "val", "test")}
    return {  # a loop that is not built takes no part in this run
        name: class_names(loop.dataloader.dataset)
        for name, loop in loops.items()
        if isinstance(loop, BaseLoop)
    }
