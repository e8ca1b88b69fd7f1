"""Commands of users during which faults happen, with the laws of their results."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

from .called_tool import call_tool, count_changes
from .disk_changes import Fault, draw_faults
from .folder_content import DAMAGED, folder_content
from .forked import Ended
from .rows import BrokenLawError

Content = dict[str, str]


class Scenario:
    """A command of a user, which is called again after a fault.

    Attributes:
        name: Name of the scenario.
        law: Sentence about what must hold, for the table.
        weight: Fraction of the kills, in relation to the other scenarios.
        left_out: Pattern of paths whose content may differ, such as logs.
        whole: Files and folders that are complete or do not exist, as beginnings of paths.
        status: Exit status of the unbroken command.
        done: Part of the message with which the command rejects a result that is complete.
        package: Package that takes long to import, which all processes of the scenario share.
    """

    name = ""
    law = "the same command ends with the same bytes"
    weight = 1
    left_out = r"$^"
    whole: tuple[str, ...] = ()
    status = 0
    done = ""
    package = ""

    def prepare(self, inputs: Path) -> None:
        """Write the input files of the command."""

    def start(self, inputs: Path, folder: Path) -> None:
        """Write the results of earlier commands into the folder in which the command is called."""

    def command(self, inputs: Path) -> list[str]:
        """Return the command: the path below ``tools``, and arguments."""
        raise NotImplementedError

    def call(self, inputs: Path, folder: Path, fault: Fault | None = None) -> Ended:
        """Call the command, with a fault or without one."""
        return call_tool(self.command(inputs), folder, fault)

    def count_changes(self, inputs: Path, folder: Path) -> tuple[int, Ended]:
        """Call the command without a fault, and count its changes of the disk."""
        return count_changes(self.command(inputs), folder)

    def draw(self, generator: random.Random, num_changes: int) -> list[Fault]:
        """Draw the faults of consecutive calls."""
        return draw_faults(generator, num_changes)

    def content(self, folder: Path) -> Content:
        """Return the files of the folder as values that can be compared."""
        return folder_content(folder, self.left_out)

    def check(self, folder: Path, before: Content, after: Content, expected: Content) -> None:
        """Raise ``BrokenLawError`` if a fault has damaged a result.

        Args:
            folder: The folder of the command.
            before: Content before the call in which the fault happened.
            after: Content after it.
            expected: Content after the unbroken command.
        """
        for name, value in after.items():
            if value == DAMAGED and name.endswith(".json") and ".part" not in name:
                raise BrokenLawError(f"{name} is not complete")
        for name, value in before.items():
            if value == expected.get(name) and after.get(name) != value:
                raise BrokenLawError(f"{name} was complete before the call, and has changed")
        for beginning in self.whole:
            parts = [
                {name: value for name, value in content.items() if name.startswith(beginning)}
                for content in (after, expected)
            ]
            if parts[0] and parts[0] != parts[1]:
                raise BrokenLawError(f"{beginning} exists and is not complete")


class ConvertTable(Scenario):
    name = "convert a table to a label store"
    law = "the store is complete or does not exist; the same command ends with the same bytes"
    weight = 10
    whole = ("labels/",)
    done = "must be a folder that does not exist"

    def prepare(self, inputs: Path) -> None:
        lines = ["image,cat,dog,elk", *(f"{row}.jpg,{row % 2},,{row % 3 // 2}" for row in range(40))]
        (inputs / "table.csv").write_text("\n".join(lines) + "\n")

    def command(self, inputs: Path) -> list[str]:
        return ["dataset_converters/convert.py", "table", f"{inputs}/table.csv", "--out", "labels"]


class ConvertCoco(ConvertTable):
    name = "convert COCO to a label store"
    weight = 8

    def prepare(self, inputs: Path) -> None:
        from tests.datasets.published_files import write_coco

        write_coco(inputs / "coco.json")

    def command(self, inputs: Path) -> list[str]:
        return ["dataset_converters/convert.py", "coco", f"{inputs}/coco.json", "--out", "labels"]


class NewProject(Scenario):
    name = "new project of a table"
    law = "the project is complete or does not exist; the same command ends with the same bytes"
    weight = 6
    whole = ("project/",)
    done = "must be a folder that does not exist"
    package = "timm"

    def prepare(self, inputs: Path) -> None:
        from tests.apis.project.drawn_photos import draw_photos, draw_table, draw_truth

        truth = draw_truth(20)
        draw_photos(inputs / "photos", truth)
        draw_table(truth).to_csv(inputs / "labels.csv", index=False)
        draw_table(1 - truth).to_csv(inputs / "corrected.csv", index=False)

    def command(self, inputs: Path) -> list[str]:
        sizes = "--image-size 32 --max-epochs 2 --model timm/test_efficientnet --weights none".split()
        images = ["--images", f"{inputs}/photos", "--group-column", "patient"]
        return ["new_project.py", f"{inputs}/labels.csv", *images, "--out", "project", *sizes]


class UpdateProject(NewProject):
    name = "corrected table for a project"
    weight = 8
    law = "each file is the old or the new one; the same command ends with the same bytes"
    left_out = r"project/versions/[2-9]"  # the second call makes a version of its own
    whole = ()
    done = ""

    def prepare(self, inputs: Path) -> None:
        super().prepare(inputs)
        ended = call_tool(NewProject.command(self, inputs), inputs)
        assert ended.status == 0, ended.output

    def start(self, inputs: Path, folder: Path) -> None:
        copy(inputs / "project", folder / "project")

    def command(self, inputs: Path) -> list[str]:
        return ["new_project.py", f"{inputs}/corrected.csv", "--out", "project", "--update"]

    def check(self, folder: Path, before: Content, after: Content, expected: Content) -> None:
        super().check(folder, before, after, expected)
        for name, value in before.items():
            if after.get(name) not in (value, expected.get(name)):
                raise BrokenLawError(f"{name} is neither the old nor the new file")


class Predict(Scenario):
    name = "predict"
    law = "no finished image is lost or repeated; the same command ends with the same bytes"
    weight = 10
    workers = 0

    def prepare(self, inputs: Path) -> None:
        from PIL import Image

        from tests.apis.predictable_model import write_model

        (inputs / "images").mkdir()
        write_model(inputs)
        for number in range(6):
            Image.new("RGB", (30, 20), (40 * number, 99, 0)).save(inputs / "images" / f"{number}.png")
        (inputs / "images" / "2.png").write_bytes(b"")

    status = 1  # an image is broken

    def command(self, inputs: Path) -> list[str]:
        options = ["--out", "out.jsonl", "--show-dir", "pictures", "--batch-size", "2"]
        return [*self.model(inputs), *options]

    def model(self, inputs: Path) -> list[str]:
        names = [f"{inputs}/config.py", f"{inputs}/model.pth", f"{inputs}/images"]
        return ["predict.py", *names, "--num-workers", str(self.workers), "--device", "cpu"]

    def start(self, inputs: Path, folder: Path) -> None:
        self._lines: list[str] = []

    def check(self, folder: Path, before: Content, after: Content, expected: Content) -> None:
        super().check(folder, before, after, expected)
        out = folder / "out.jsonl"
        text = out.read_text() if out.exists() else ""
        lines = text[: text.rfind("\n") + 1].splitlines()
        if lines[: len(self._lines)] != self._lines:
            raise BrokenLawError("the records of finished images have changed")
        self._lines = lines
        images = [json.loads(line)["image"] for line in lines]
        if len(images) != len(set(images)):
            raise BrokenLawError("an image has two records")


class PredictWithWorkers(Predict):
    name = "predict with two data loader processes"
    weight = 2
    workers = 2


class PredictTable(Predict):
    name = "predict a table"
    law = "the table is complete or does not exist; the same command ends with the same bytes"
    weight = 6
    whole = ("answers.csv",)

    def command(self, inputs: Path) -> list[str]:
        return [*self.model(inputs), "--out", "answers.csv", "--wide", "--batch-size", "2"]


class EvaluateCheckpoint(Scenario):
    name = "test a checkpoint"
    law = "the metrics are complete or do not exist; the same command ends with the same bytes"
    weight = 4
    left_out = r"work/"
    whole = ("metrics.json",)

    def prepare(self, inputs: Path) -> None:
        from tests.apis.drawn_data import write_checkpoint, write_data

        cfg = write_data(inputs)
        cfg.test_evaluator = cfg.val_evaluator = [dict(type="PartialLabelAveragePrecision")]
        cfg.test_cfg, cfg.val_cfg, cfg.train_cfg = {}, {}, dict(by_epoch=True, max_epochs=1)
        cfg.optim_wrapper = dict(optimizer=dict(type="SGD", lr=0.1))
        cfg.dump(inputs / "config.py")
        write_checkpoint(cfg, inputs / "model.pth")

    def command(self, inputs: Path) -> list[str]:
        options = ["--work-dir", "work", "--out", "metrics.json", "--out-item", "metrics"]
        return ["test.py", f"{inputs}/config.py", f"{inputs}/model.pth", *options]


class ExtractFeatures(EvaluateCheckpoint):
    name = "extract features"
    law = "finished stores do not change; the same command ends with the same bytes"
    weight = 10
    left_out = r"$^"
    whole = tuple(
        f"features/{name}" for name in ("train/labels/", "val/labels/", "config.py", "statistics.npz")
    )

    def command(self, inputs: Path) -> list[str]:
        names = [f"{inputs}/config.py", f"{inputs}/model.pth"]
        return ["extract_features.py", *names, "--out", "features", "--device", "cpu"]


class RefitHead(EvaluateCheckpoint):
    name = "refit the head"
    law = "the old checkpoint does not change, the new one is complete or does not exist; same bytes"
    weight = 8
    left_out = r"$^"
    whole = ("model_refit.pth",)
    done = "must be a path where no file is"

    def start(self, inputs: Path, folder: Path) -> None:
        copy(inputs / "model.pth", folder / "model.pth")

    def command(self, inputs: Path) -> list[str]:
        return ["refit_head.py", f"{inputs}/config.py", "model.pth", "--device", "cpu"]


def copy(source: Path, target: Path) -> None:
    """Copy a file or folder with its times."""
    shutil.copytree(source, target) if source.is_dir() else shutil.copy2(source, target)


#: All scenarios of this file.
ALL: list[Scenario] = [
    ConvertTable(),
    ConvertCoco(),
    NewProject(),
    UpdateProject(),
    Predict(),
    PredictWithWorkers(),
    PredictTable(),
    EvaluateCheckpoint(),
    ExtractFeatures(),
    RefitHead(),
]
