"""Total batch size of a run, which a resumed run with another number of processes keeps."""

from __future__ import annotations

from typing import Any

from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner

#: Key of ``meta`` in a checkpoint.
BATCH_SIZE = "batch_size"


class BatchSizeHook(Hook):
    """Hook that saves the number of processes and the batch size of each in the checkpoints.

    ``tools/train.py`` registers the hook.
    """

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        per_process = runner.cfg.train_dataloader.get("batch_size")
        checkpoint["meta"][BATCH_SIZE] = dict(processes=get_world_size(), per_process=per_process)


def kept_batch_size(meta: dict[str, Any], processes: int, per_process: int | None) -> tuple[int | None, str]:
    """Compute the batch size per process with which a resumed run keeps its total batch size.

    A batch size that differs from the one of the checkpoint was chosen for this run and stays.

    Args:
        meta: ``meta`` of the checkpoint.
        processes: Number of processes of the resumed run.
        per_process: Batch size in its config; None if a batch sampler has it.

    Returns:
        The batch size per process, and a sentence about the change; '' if there is none.

    Example:
        >>> meta = {"batch_size": {"processes": 2, "per_process": 16}}
        >>> kept_batch_size(meta, 1, 16)[0], kept_batch_size(meta, 4, 16)[0]
        (32, 8)
        >>> kept_batch_size(meta, 3, 16)
        (16, 'The total batch size must be 32, as in the run of the checkpoint. ...
    """
    saved = meta.get(BATCH_SIZE)
    if not isinstance(saved, dict):
        return per_process, ""
    earlier = saved.get("processes")
    if not isinstance(earlier, int) or earlier < 1 or earlier == processes:
        return per_process, ""
    if per_process is None or per_process != saved.get("per_process"):
        return per_process, ""
    total = earlier * per_process
    kept, rest = divmod(total, processes)
    if rest:
        return per_process, (
            f"The total batch size must be {total}, as in the run of the checkpoint. Got {processes} "
            f"processes with {per_process} images each instead, because {processes} does not divide {total}. "
            "Set train_dataloader.batch_size and the learning rate, or take another number of processes."
        )
    return kept, (
        f"The checkpoint is of a run with {earlier} processes and {per_process} images in a batch of each. "
        f"This run has {processes} and {kept}, so that the total batch size remains {total}."
    )
