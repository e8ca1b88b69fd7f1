"""Runs of tools/predict.py with broken images, interrupted jobs and wrong commands."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmpretrain_imbalance.apis.image_pipeline import ImagePipeline, PreparedImage
from tests.apis.predictable_model import CLASSES, write_images, write_model
from tests.processes import ROOT, exit_code


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(autouse=True)
def _signal_handlers_are_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    return write_images(tmp_path_factory.mktemp("images"))


def predict(monkeypatch: pytest.MonkeyPatch, *command: object) -> int:
    """Run the tool in this process, and return its exit status."""
    monkeypatch.syspath_prepend(ROOT / "tools")
    monkeypatch.setattr(
        sys, "argv", ["predict.py", "--num-workers", "0", "--device", "cpu", *map(str, command)]
    )
    try:
        runpy.run_path(str(ROOT / "tools" / "predict.py"), run_name="__main__")
    except SystemExit as stop:
        return stop.code
    return 0


def predict_until_killed(arguments: list[str], out: Path) -> None:
    """Run the tool, and kill this process at any moment after the first written records."""

    def kill() -> None:
        while not (out.exists() and out.stat().st_size > 300):
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start()
    with pytest.MonkeyPatch.context() as monkeypatch:
        predict(monkeypatch, *arguments)


def records(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_folder_with_broken_images(
    files, images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    folder, out = Path(next(iter(images))).parent, tmp_path / "out.jsonl"
    arguments = [*files, folder, "--out", out, "--topk", 1, "--show-dir", tmp_path / "pictures"]

    assert predict(monkeypatch, *arguments) == 1

    found = records(out)
    assert [record["image"] for record in found] == sorted(images)
    assert {record["image"] for record in found if "fault" in record} == {
        path for path, fault in images.items() if fault
    }
    assert all(len(record["top_labels"]) == 1 for record in found if "fault" not in record)
    pictures = [Image.open(path) for path in (tmp_path / "pictures").rglob("*.png")]
    assert len(pictures) == sum(fault is None for fault in images.values())
    assert all(max(picture.size) < 1000 for picture in pictures)
    printed = capsys.readouterr().out
    assert "Predicted 6 of 10 images" in printed
    assert "empty.jpg: an empty file" in printed

    whole = out.read_bytes()  # the second run has nothing to do and ends with the same status
    assert predict(monkeypatch, *arguments) == 1
    assert out.read_bytes() == whole
    assert predict(monkeypatch, *arguments, "--thresholds", 0.9) == 2
    assert out.read_bytes() == whole


def test_a_name_too_long_for_its_picture_does_not_stop_the_job(
    files, tmp_path: Path, monkeypatch, capsys
) -> None:
    names = ["x" * 246 + ".png", "y" * 248 + ".png"]  # the second name is too long with .png appended
    for name in names:
        Image.new("RGB", (16, 16)).save(tmp_path / name)
    pictures = tmp_path / "pictures"
    arguments = [*files, *(tmp_path / name for name in names), "--out", tmp_path / "out.jsonl"]
    assert predict(monkeypatch, *arguments, "--show-dir", pictures) == 0
    assert [path.name for path in pictures.rglob("*.png")] == [f"{names[0]}.png"]
    assert "has no picture: " in capsys.readouterr().out
    assert len(records(tmp_path / "out.jsonl")) == 2


def test_a_folder_with_the_name_of_a_picture(files, tmp_path: Path, monkeypatch, capsys) -> None:
    """The picture of k.jpg is k.jpg.png, and beside k.jpg there is a folder with this name."""
    names = ["k.jpg", "k.jpg.png/x.jpg", "k.jpg.png_/x.jpg", "l.jpg.PNG/x.jpg", "l.jpg", "a.png.b/x.jpg"]
    for shade, name in enumerate(names):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (400, 400), 20 * shade).save(tmp_path / "photos" / name, format="png")
    pictures = tmp_path / "pictures"
    arguments = [*files, *(tmp_path / "photos" / name for name in names), "--out", tmp_path / "out.jsonl"]
    assert predict(monkeypatch, *arguments, "--show-dir", pictures) == 0
    assert "has no picture" not in capsys.readouterr().out
    written = pictures.joinpath(*(tmp_path / "photos").parts[1:])
    found = ["k.jpg.png", "k.jpg.png_/x.jpg.png", "k.jpg.png__/x.jpg.png", "l.jpg.PNG_/x.jpg.png"]
    found += ["l.jpg.png", "a.png.b/x.jpg.png"]
    assert sorted(path for path in pictures.rglob("*") if path.is_file()) == sorted(
        written / name for name in found
    )
    for shade, name in enumerate(found):
        assert Image.open(written / name).getpixel((9, 9)) == (20 * shade,) * 3


def test_what_is_in_the_way_of_a_picture_does_not_stop_the_job(
    files, tmp_path: Path, monkeypatch, capsys
) -> None:
    names = ["a.jpg", "b/a.jpg", "c/d/a.jpg", "e.jpg"]
    for name in names:
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (16, 16)).save(tmp_path / "photos" / name, format="png")
    pictures = tmp_path / "pictures"
    written = pictures.joinpath(*(tmp_path / "photos").parts[1:])
    (written / "a.jpg.png").mkdir(parents=True)
    for name in ("b", "c"):
        (written / name).touch()
    arguments = [*files, tmp_path / "photos", "--out", tmp_path / "out.jsonl", "--show-dir", pictures]
    assert predict(monkeypatch, *arguments) == 0
    output = capsys.readouterr().out
    assert "photos/a.jpg: a folder has the name of the picture" in output
    assert "b/a.jpg: a file has the name of the folder of the picture" in output
    assert "c/d/a.jpg: a file has the name of a folder of the picture" in output
    assert (written / "e.jpg.png").is_file()
    assert len(records(tmp_path / "out.jsonl")) == 4


def test_valid_images_end_with_status_zero(files, images, tmp_path: Path, monkeypatch) -> None:
    valid = [path for path, fault in images.items() if fault is None and "huge" not in path]
    (tmp_path / "list.txt").write_text("\n".join(valid[2:]))
    arguments = [*files, *valid[:2], "--list", tmp_path / "list.txt", "--out", tmp_path / "out.csv"]
    assert predict(monkeypatch, *arguments) == 0
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["image", *valid]


def test_broken_images_are_predicted_again_with_the_option_only(
    files, images, tmp_path: Path, monkeypatch, capsys
) -> None:
    valid = next(path for path, fault in images.items() if path.endswith("color.png"))
    photos, out = tmp_path / "photos", tmp_path / "out.jsonl"
    photos.mkdir()
    (photos / "a.png").write_bytes(b"")
    shutil.copy(valid, photos / "b.png")
    arguments = [*files, photos, "--out", out, "--show-dir", photos / "shown"]
    assert predict(monkeypatch, *arguments) == 1
    shutil.copy(valid, photos / "a.png")

    assert predict(monkeypatch, *arguments) == 1
    assert [list(record)[1] for record in records(out)] == ["fault", "labels"]
    assert predict(monkeypatch, *arguments, "--retry-broken") == 0

    assert [Path(record["image"]).name for record in records(out)] == [
        "b.png",
        "a.png",
    ]  # without saved pictures
    assert predict(monkeypatch, *arguments) == 0
    assert "Predicted 2 of 2 images" in capsys.readouterr().out


def test_a_picture_that_cannot_be_saved_does_not_stop_the_job(
    files, images, tmp_path: Path, monkeypatch, capsys
) -> None:
    """The decoder of the config may read images that the decoder of the pictures cannot read."""
    monkeypatch.setattr("cv2.imdecode", lambda *_: None)
    path = next(path for path, fault in images.items() if path.endswith("alpha.png"))
    monkeypatch.setattr(
        ImagePipeline,
        "__call__",
        lambda self, _: PreparedImage(self._prepare(dict(img=np.zeros((8, 8, 3), np.uint8))), None),
    )
    arguments = [*files, path, "--out", tmp_path / "out.jsonl", "--show-dir", tmp_path / "pictures"]
    assert predict(monkeypatch, *arguments) == 0
    assert "has no picture" in capsys.readouterr().out


def test_thresholds_and_their_source_are_printed(tmp_path: Path, images, monkeypatch, capsys) -> None:
    path = next(path for path, fault in images.items() if fault is None)
    chosen = dict(classes=CLASSES, thresholds=[0.1, 0.2, 0.3])
    config, checkpoint = write_model(tmp_path, thresholds=chosen)
    assert predict(monkeypatch, config, checkpoint, path, "--out", tmp_path / "a.csv") == 0
    assert "Thresholds: 0.1 to 0.3, per class (from the checkpoint," in capsys.readouterr().out
    command = [config, checkpoint, path, "--out", tmp_path / "b.csv", "--thresholds", 0.4]
    assert predict(monkeypatch, *command) == 0
    assert "Thresholds: 0.4 (from --thresholds)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        ["{0}", "{1}", "no_folder"],
        ["{0}", "{1}", "{2}", "--device", "nothing"],
        ["{1}", "{1}", "{2}"],
        ["{0}", "{0}", "{2}"],
        ["{0}", "{1}", "{2}", "--thresholds", "nan"],
        ["nowhere.py", "{1}", "{2}"],
        ["{0}", "nowhere.pth", "{2}"],
        ["{0}", "{1}"],
        ["{0}", "{1}", "nothing*.jpg"],
    ],
)
def test_wrong_commands_end_with_status_two(files, images, command, tmp_path: Path, monkeypatch) -> None:
    filled = [part.format(*files, next(iter(images))) for part in command]
    assert predict(monkeypatch, *filled, "--out", tmp_path / "out.jsonl") == 2
    assert not (tmp_path / "out.jsonl").exists()


def test_a_terminated_job_ends_with_status_three(
    files, images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    handlers = {}
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    prepare, seen = ImagePipeline.__call__, []

    def prepare_two(self, image):
        seen.append(image)
        if len(seen) == 3:
            handlers[signal.SIGTERM](signal.SIGTERM, None)
        return prepare(self, image)

    monkeypatch.setattr(ImagePipeline, "__call__", prepare_two)
    valid = [path for path, fault in images.items() if fault is None and "huge" not in path]
    arguments = [*files, *valid, "--out", tmp_path / "out.jsonl", "--batch-size", 1]

    assert predict(monkeypatch, *arguments) == 3

    assert [record["image"] for record in records(tmp_path / "out.jsonl")] == valid[:2]
    assert "Stopped by a signal after 2 of 5 images" in capsys.readouterr().err
    assert predict(monkeypatch, *arguments) == 0
    assert seen == [*valid[:3], *valid[2:]]


@pytest.mark.slow
def test_killed_job_resumes_without_repeating_or_losing_an_image(files, tmp_path: Path, monkeypatch) -> None:
    for index in range(400):
        Image.new("RGB", (16, 16), (index % 256, 0, 0)).save(tmp_path / f"{index:03}.png")
    out = tmp_path / "out.jsonl"
    arguments = [*files, tmp_path, "--out", out, "--batch-size", 1]
    assert exit_code(predict_until_killed, list(map(str, arguments)), out) == -signal.SIGKILL
    before = out.read_bytes()
    complete = before[: before.rfind(b"\n") + 1]
    assert 0 < complete.count(b"\n") < 400

    assert predict(monkeypatch, *arguments) == 0

    assert out.read_bytes().startswith(complete)
    assert [record["image"] for record in records(out)] == [str(tmp_path / f"{i:03}.png") for i in range(400)]
