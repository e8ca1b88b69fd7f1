"""Trainings during which faults happen."""

from __future__ import annotations

from pathlib import Path

from .folder_content import DAMAGED
from .scenarios import Broken, Content, Scenario

EPOCHS = 3


class Train(Scenario):
    name = "train"
    law = (
        "no epoch with a complete checkpoint is lost; with --resume, weights, buffers, averaged weights, "
        "optimizer, thresholds and statistics are equal bit for bit"
    )
    weight = 27
    # The folder of the logs has the time as its name. The saved config names the checkpoint to resume from.
    left_out = r"work/(\d{8}_\d{6}|config\.py|\.lock)"
    workers = 0

    def prepare(self, inputs: Path) -> None:
        from tests.integration.small_runs import small_config

        cfg = small_config(inputs / "work", epochs=EPOCHS, num_images=48)
        cfg.train_dataloader.batch_size = 16
        cfg.train_dataloader.num_workers = self.workers
        cfg.train_cfg.val_interval = 1
        cfg.default_hooks.checkpoint = dict(
            type="CheckpointHook", interval=1, max_keep_ckpts=2, save_best="partial-label/mAP", rule="less"
        )
        cfg.custom_hooks += [dict(type="EMAHook", momentum=0.2), dict(type="BestThresholdsHook")]
        for name in ("work_dir", "experiment_name"):
            cfg.pop(name)
        cfg.log_level = "INFO"
        cfg.dump(inputs / "config.py")

    def command(self, inputs: Path) -> list[str]:
        return ["train.py", f"{inputs}/config.py", "--work-dir", "work", "--resume"]

    def check(self, folder: Path, before: Content, after: Content, expected: Content) -> None:
        super().check(folder, before, after, expected)
        epochs = [self._newest(content) for content in (before, after)]
        if epochs[0] > epochs[1]:
            raise Broken(f"the newest complete checkpoint was that of epoch {epochs[0]}, now of {epochs[1]}")

    @staticmethod
    def _newest(content: Content) -> int:
        complete = [name for name, value in content.items() if value != DAMAGED]
        return max(
            (int(name[len("work/epoch_") : -len(".pth")]) for name in complete if name.startswith("work/epoch_")),
            default=0,
        )


class TrainWithWorkers(Train):
    name = "train with a data loader process"
    weight = 3
    workers = 1


#: All scenarios of this file.
ALL: list[Scenario] = [Train(), TrainWithWorkers()]
