"""Hook that validates on resume what an earlier process saved and did not validate."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner

#: File in the work directory with the number of iterations of the last checkpoint, until it is validated.
UNVALIDATED = ".unvalidated"


class UnvalidatedCheckpointHook(Hook):
    """Hook that runs the validation which a killed process left out.

    MMEngine saves a checkpoint before the validation of the same weights, and a resumed run starts with the
    next epoch. A run that is killed between the two would never validate these weights. This hook writes the
    number of iterations to ``.unvalidated`` before each checkpoint, and deletes the file after each
    validation. If the resumed checkpoint is the one in the file, and a validation is due after it, the
    validation runs before the training continues: metrics, best checkpoint and thresholds are then those of
    an unbroken run.

    ``tools/train.py`` registers the hook.
    """

    # After all other hooks: before_train follows a refit, and after_val_epoch the files of other hooks.
    priority = "LOWEST"

    def before_train(self, runner: Runner) -> None:
        if runner.iter == 0 or runner.val_loop is None:
            return
        is_unvalidated = [_unvalidated_iteration(runner) == runner.iter and _validation_is_due(runner)]
        broadcast_object_list(is_unvalidated)  # only the files of rank 0 count
        if is_unvalidated[0]:
            runner.logger.info("The resumed checkpoint was saved and not validated. It is validated now.")
            for hook in runner.hooks:
                if isinstance(hook, CheckpointHook):  # it saves the checkpoint again with a new best score
                    hook.last_ckpt = runner.message_hub.get_info("last_ckpt")
            runner.val_loop.run()

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        if runner.val_loop is None or not is_main_process():
            return
        iteration = checkpoint["meta"]["iter"]
        # The best weights are saved during the validation. A kill or a full disk would leave an empty file.
        if _unvalidated_iteration(runner) == iteration:
            return
        try:
            _file(runner).write_text(str(iteration), encoding="utf-8")
        except OSError as error:
            runner.logger.error(
                f"The file {_file(runner)} could not be written: {error.strerror or error}. The training "
                "continues. If it is killed before the next validation, a resumed run does not repeat that "
                "validation."
            )

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        if is_main_process():
            with contextlib.suppress(OSError):
                _file(runner).unlink()


def _file(runner: Runner) -> Path:
    return Path(runner.work_dir) / UNVALIDATED


def _unvalidated_iteration(runner: Runner) -> int | None:
    try:
        return int(_file(runner).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # no file, or a part of it
        return None


def _validation_is_due(runner: Runner) -> bool:
    """Return whether the training loop validates the weights of this moment, by MMEngine's rule."""
    loop = runner.train_loop
    if isinstance(loop, EpochBasedTrainLoop):
        now, last = loop.epoch, loop.max_epochs
    elif isinstance(loop, IterBasedTrainLoop):
        now, last = loop.iter, loop.max_iters
    else:
        return False
    loop._decide_current_val_interval()
    return now >= loop.val_begin and (now % loop.val_interval == 0 or now == last)
