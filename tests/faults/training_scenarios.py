"""Trainings during which faults happen."""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from .called_tool import take_over
from .disk_changes import FULL, Fault, draw_faults
from .folder_content import DAMAGED
from .forked import Ended, Forked
from .ranks import start_ranks
from .rows import BrokenLawError
from .scenarios import Content, Scenario

EPOCHS = 3
#: Training and validation steps of a rank.
STEPS = EPOCHS * 4
#: Seconds until a rank that has lost the other one must have ended.
RANK_TIMEOUT = 100
MEETING_TIMEOUT = 20


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

    def draw(self, generator: random.Random, num_changes: int) -> list[Fault]:
        return draw_faults(generator, num_changes, repeated=1 / 2)  # a kill while a run is resumed

    def check(self, folder: Path, before: Content, after: Content, expected: Content) -> None:
        super().check(folder, before, after, expected)
        epochs = [self._newest(content) for content in (before, after)]
        if epochs[0] > epochs[1]:
            raise BrokenLawError(
                f"the newest complete checkpoint was that of epoch {epochs[0]}, now of {epochs[1]}"
            )

    @staticmethod
    def _newest(content: Content) -> int:
        complete = [name for name, value in content.items() if value != DAMAGED]
        epochs = [re.fullmatch(r"work/epoch_(\d+)\.pth", name) for name in complete]
        return max((int(match[1]) for match in epochs if match), default=0)


class TrainWithWorkers(Train):
    name = "train with a data loader process"
    weight = 3
    workers = 1


class TrainWithTwoRanks(Train):
    name = "train with two ranks, one is killed"
    law = "the other rank ends in time; with --resume, all is equal bit for bit"
    weight = 3

    def prepare(self, inputs: Path) -> None:
        super().prepare(inputs)
        cfg = Config.fromfile(inputs / "config.py")
        cfg.train_dataloader.batch_size //= 2
        cfg.custom_hooks.append(dict(type="LoseRank"))
        # A rank whose partner is killed before they meet waits for it until this time has passed.
        cfg.env_cfg.dist_cfg = dict(cfg.env_cfg.get("dist_cfg") or {}, timeout=MEETING_TIMEOUT)
        cfg.dump(inputs / "config.py")

    def command(self, inputs: Path) -> list[str]:
        return [*super().command(inputs), "--launcher", "pytorch"]

    def draw(self, generator: random.Random, num_changes: int) -> list[Fault]:
        faults = [fault for fault in super().draw(generator, num_changes) if fault.kind not in FULL]
        if not faults or generator.random() < 1 / 2:
            faults.insert(0, Fault("lose", generator.randint(1, STEPS)))
        return faults

    def call(self, inputs: Path, folder: Path, fault: Fault | None = None) -> Ended:
        """Start both ranks, and return the end of the killed rank."""
        return self._end(start_ranks(self.command(inputs), folder, fault), fault)

    def count_changes(self, inputs: Path, folder: Path) -> tuple[int, Ended]:
        with tempfile.TemporaryFile() as file:
            ended = self._end(start_ranks(self.command(inputs), folder, None, file), None)
            return take_over(file), ended

    def _end(self, ranks: Sequence[Forked], fault: Fault | None) -> Ended:
        first, second = ended = [rank.end(RANK_TIMEOUT) for rank in ranks]
        for number, rank in enumerate(ended):
            if rank.status is None:
                raise BrokenLawError(
                    f"rank {number} has not ended {RANK_TIMEOUT} s after {fault}: {rank.output}"
                )
        if fault is not None and fault.kind == "lose" and (second.status != -9 or not first.status):
            raise BrokenLawError(
                f"after {fault}, the statuses of the ranks are {first.status} and {second.status}"
            )
        killed = min(ended, key=lambda rank: (rank.status >= 0, rank.status == 0))
        return Ended(killed.status, first.output + second.output)


#: All scenarios of this file.
ALL: list[Scenario] = [Train(), TrainWithWorkers(), TrainWithTwoRanks()]
