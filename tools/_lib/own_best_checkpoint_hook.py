"""The best checkpoint of a run in a copied work folder."""

from __future__ import annotations

from pathlib import Path

from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import Runner


class OwnBestCheckpointHook(Hook):
    """Let a resumed run replace the best checkpoint of its own work folder only.

    A checkpoint contains the absolute path of the best one. A run that is resumed in a copy of its work
    folder would delete the best checkpoint of the original folder when it finds a better one.
    """

    priority = "VERY_LOW"  # that of CheckpointHook, which is registered before it

    def before_train(self, runner: Runner) -> None:
        for hook in runner.hooks:
            if not isinstance(hook, CheckpointHook) or hook.save_best is None:
                continue
            if len(hook.key_indicators) == 1:
                hook.best_ckpt_path = _in_folder(hook.best_ckpt_path, Path(hook.out_dir))
            else:
                for key, path in hook.best_ckpt_path_dict.items():
                    hook.best_ckpt_path_dict[key] = _in_folder(path, Path(hook.out_dir))


def _in_folder(path: str | None, folder: Path) -> str | None:
    """Return the path of the same file in a folder, or None if it is not there."""
    if path is None or Path(path).parent == folder:
        return path
    copied = folder / Path(path).name
    return str(copied) if copied.exists() else None
