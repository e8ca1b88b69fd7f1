"""Check that a run has data."""

from __future__ import annotations

import traceback

from mmengine.runner import Runner


def check_data(runner: Runner, *names: str) -> None:
    """Raise if a dataloader of a run has no images or no batch.

    Args:
        runner: The runner, whose datasets are built by this function if they are not.
        names: Names of dataloaders, such as ``train_dataloader``; one that the run does not have is skipped.

    Raises:
        ValueError: If a dataset is empty, or smaller than the batch of a loader with ``drop_last``.
    """
    for name in names:
        if getattr(runner, f"_{name}") is None:
            continue
        try:
            loader = getattr(runner, name)
        except ValueError as error:
            # MMEngine's datasets cannot store an empty list of images.
            frames = [frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)]
            if "_serialize_data" not in frames:
                raise
            raise ValueError(_message(name)) from error
        if not len(loader.dataset):
            raise ValueError(_message(name))
        if not len(loader):
            raise ValueError(
                f"The {name} must have at least one batch. Got {len(loader.dataset)} images, a batch size of "
                f"{loader.batch_size} and drop_last=True instead. Set {name}.drop_last=False, or a smaller "
                f"{name}.batch_size."
            )


def _message(name: str) -> str:
    return (
        f"The dataset of {name} must have at least one image. Got none instead. Check its annotation file, "
        "split and filters."
    )
