"""Output files and errors of the tools label_report.py and browse_labels.py."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmpretrain_imbalance.datasets import label_store_from_array
from tests.datasets.label_table import long_tailed_table
from tests.datasets.published_files import write_cifar10
from tests.tools.run_tool import ROOT, run_tool

TOOLS = ROOT / "tools" / "analysis_tools"
DIGITS = ROOT / "configs" / "_base_" / "datasets" / "digits_rps50.py"


@pytest.fixture
def tool(monkeypatch, capsys):
    """Run a tool in this process, and return its output or its error message."""
    import importlib

    monkeypatch.syspath_prepend(str(TOOLS))

    def run(name: str, *arguments: str | Path) -> str:
        module = importlib.import_module(name)
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        try:
            module.main(*module.parse_args())
        except SystemExit as ended:
            return " ".join(f"exit {ended.code}: {capsys.readouterr().err}".split())
        return capsys.readouterr().out

    return run


def test_report_of_a_config_in_a_new_process(tmp_path) -> None:
    out = tmp_path / "deep" / "digits.html"
    printed = run_tool(TOOLS / "label_report.py", DIGITS, "-o", out, "--group-thresholds", "30", "60")
    assert str(out) in printed
    content = json.loads(out.with_suffix(".label_report.json").read_text(encoding="utf-8"))
    assert (content["num_images"], content["num_classes"], content["group_thresholds"]) == (
        2000,
        10,
        [30, 60],
    )
    assert content["known_fraction"] == pytest.approx(0.5, abs=0.02)
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert sorted(path.name for path in out.parent.iterdir()) == ["digits.html", "digits.label_report.json"]


def test_report_of_annotations_and_stores(tool, tmp_path, monkeypatch) -> None:
    table = long_tailed_table(60)
    names, classes = [f"{n}.jpg" for n in range(60)], [f"class {c}" for c in range(6)]
    store = label_store_from_array(table, names, classes)
    store.save(tmp_path / "store")
    rows = [[name, *("" if label == -1 else label for label in row)] for name, row in zip(names, table)]
    lines = [["image", *classes], *rows]
    (tmp_path / "table.csv").write_text("\n".join(",".join(map(str, line)) for line in lines) + "\n")
    samples = [
        dict(img_path=name, gt_label=np.flatnonzero(row == 1).tolist()) for name, row in zip(names, table)
    ]
    annotations = dict(metainfo=dict(classes=classes), data_list=samples)
    (tmp_path / "lists.json").write_text(json.dumps(annotations))
    monkeypatch.chdir(tmp_path)
    reports = {}
    for source in ("store", "table.csv", "lists.json"):
        printed = tool(
            "label_report",
            source,
            "--group-quantiles",
            "0.33",
            "0.67",
            "--default-label",
            "negative" if "json" in source else "unknown",
        )
        reports[source] = json.loads(Path(printed.split()[1]).read_text(encoding="utf-8"))
        assert reports[source].pop("source") == source
    assert reports["store"] == reports["table.csv"]
    assert reports["lists.json"]["known_fraction"] == 1


def test_annotations_with_repeated_images(tool, tmp_path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("image,cat,dog\na.jpg,1,\nb.jpg,0,1\na.jpg,1,0\n")
    assert "must be an image that is not already in line 2" in tool("label_report", table)
    for how, images, positives in (("join", 2, 1), ("keep", 3, 2)):
        out = tmp_path / f"{how}.html"
        tool("label_report", table, "--repeated-images", how, "-o", out)
        content = json.loads(out.with_suffix(".label_report.json").read_text(encoding="utf-8"))
        assert (content["num_images"], content["classes"][0]["positives"]) == (images, positives)


def test_a_report_does_not_overwrite_the_annotation_file(tool, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    content = json.dumps(
        dict(metainfo=dict(classes=["cat"]), data_list=[dict(img_path="a.jpg", gt_label=[0])])
    )
    printed = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        source = tmp_path / folder / "train.json"
        source.write_text(content)
        tool("label_report", source, "-o", tmp_path / folder / "train.html")
        assert "must be the path of an .html file. Got" in tool("label_report", source, "-o", source)
        assert source.read_text() == content
        assert len(list(source.parent.iterdir())) == 3
        printed += tool("label_report", source).split()
    assert len(set(printed)) == 4
    assert all(Path(path).is_file() for path in printed)
    other = tool("label_report", "two/train.json", "-o", "one/train.html")
    assert "which is a report about other data" in other


def test_report_raises_errors_for_wrong_arguments(tool, tmp_path) -> None:
    config = tmp_path / "empty.py"
    config.write_text("model = dict()\n")
    assert tool("label_report", "nowhere").startswith("exit 2: usage")
    assert "label store (a folder). Got 'nowhere' instead." in tool("label_report", "nowhere")
    assert "must be a config with val_dataloader" in tool("label_report", config, "--split", "val")
    assert "must be two numbers in ascending order" in tool(
        "label_report", DIGITS, "--group-thresholds", "9", "2"
    )
    assert list(tmp_path.iterdir()) == [config]
    (tmp_path / "file").touch()
    found = tool("label_report", DIGITS, "-o", tmp_path / "file" / "deep" / "page.html")
    assert found.startswith("exit 2: usage")  # before the labels are counted
    assert "must be a file that can be written. Got" in found


def test_pictures_of_chosen_images(tool, tmp_path) -> None:
    out = tmp_path / "pictures"
    printed = tool(
        "browse_labels",
        DIGITS,
        "--num",
        "2",
        "--class",
        "7",
        "--unknown-of",
        "0",
        "--negative-of",
        "1",
        "-o",
        out,
    )
    assert printed.startswith("2 of ")
    assert "from 2,000 images in digits_rps50 (train)" in printed
    pictures = sorted(out.glob("*.png"))
    assert len(pictures) == 2
    assert all(cv2.imread(str(path)).std() > 10 for path in pictures)
    again = tmp_path / "again"
    tool(
        "browse_labels",
        DIGITS,
        "--num",
        "2",
        "--class",
        "7",
        "--unknown-of",
        "0",
        "--negative-of",
        "1",
        "-o",
        again,
    )
    assert [path.name for path in sorted(again.iterdir())] == [path.name for path in pictures]


def test_sheet_of_images_from_files(tool, tmp_path) -> None:
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((20, 30, 3), (0, 0, 250), np.uint8))
    table = "image,cat,dog\n" + "".join(f"{tmp_path}/{number}.png,1,\n" for number in range(3))
    (tmp_path / "pets.csv").write_text(table)
    folder = "--data-prefix", tmp_path
    tool("browse_labels", tmp_path / "pets.csv", "--sheet", *folder, "-o", tmp_path / "out")
    sheet = cv2.imread(str(tmp_path / "out" / "sheet.png"))
    assert ((sheet == (0, 0, 250)).all(axis=2)).mean() > 0.05  # the image is still red, not blue
    samples = [dict(img_path=f"{tmp_path}/{number}.png", gt_label=[number % 2]) for number in range(3)]
    annotations = dict(metainfo=dict(classes=["cat", "dog"]), data_list=samples)
    (tmp_path / "pets.json").write_text(json.dumps(annotations))
    options = ["--negative-of", "cat", *folder, "-o", tmp_path / "out"]
    assert "must match at least one image" in tool("browse_labels", tmp_path / "pets.json", *options)
    options += ["--default-label", "negative"]
    assert tool("browse_labels", tmp_path / "pets.json", *options).startswith(
        "1 of 1 matching images, from 3"
    )
    (tmp_path / "1.png").unlink()
    assert f"Got '{tmp_path}/1.png' instead, which does not exist" in tool(
        "browse_labels", tmp_path / "pets.csv", *folder
    )
    for content in (b"no image", b""):
        (tmp_path / "1.png").write_bytes(content)
        assert "cannot be decoded as an image" in tool("browse_labels", tmp_path / "pets.csv", *folder)
    (tmp_path / "1.png").unlink()
    (tmp_path / "1.png").mkdir()
    message = f"{tmp_path}/1.png' instead: Is a directory"
    assert message in tool("browse_labels", tmp_path / "pets.csv", *folder)


def test_folders_of_the_images_of_annotations(tool, tmp_path, monkeypatch) -> None:
    (tmp_path / "data" / "images").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "data" / "images" / "a.png"), np.full((20, 30, 3), (0, 0, 250), np.uint8))
    label_store_from_array([[1, 0]], ["a.png"], ["cat", "dog"]).save(tmp_path / "labels")
    (tmp_path / "labels.csv").write_text("image,cat,dog\na.png,1,0\n")
    monkeypatch.chdir(tmp_path)
    folders = ["--data-root", "data", "--data-prefix", "images"]
    for source in ("labels", "labels.csv"):
        assert "1 of 1 matching images" in tool("browse_labels", source, "-o", source + ".out", *folders)
        assert "Got 'a.png' instead, which does not exist" in tool("browse_labels", source)
    assert "must be omitted with a config" in tool("browse_labels", DIGITS, *folders)


def test_pictures_of_cifar_are_rgb(monkeypatch, tmp_path) -> None:
    from torch.utils.data import Subset

    from mmpretrain_imbalance.datasets import ImbalancedCIFAR, MultiDigits, SimulatePartialLabels

    monkeypatch.syspath_prepend(str(TOOLS))
    from _lib.sample_image import image_in_memory
    from browse_labels import pictures_of

    write_cifar10(tmp_path)  # the value of the first channel, red, is the class index
    cifar = ImbalancedCIFAR(str(tmp_path), "test")
    for dataset in (cifar, SimulatePartialLabels(Subset(cifar, [70, 3]), "rps", probability=0.5)):
        (picture,) = pictures_of(dataset, np.array([0]), [])
        class_index = int(cifar.labels[0 if dataset is cifar else 70])
        assert picture[0][0, 0].tolist()[0] == class_index
        np.testing.assert_array_equal(image_in_memory(dataset.get_data_info(0)), picture[0])
    gray = MultiDigits(num_images=1).get_data_info(0)
    np.testing.assert_array_equal(image_in_memory(gray), gray["img"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--class", "seven"], "The '--class' argument must be a class of the dataset. Got 'seven' instead."),
        (
            ["--unknown-of", "77"],
            "The '--unknown-of' argument must be a class of the dataset. Got '77' instead. Did you",
        ),
        (
            ["--class", "7", "--negative-of", "7"],
            "must be a class that no other option names. Got '7' instead.",
        ),
        (
            ["--split", "val", "--unknown-of", "3"],
            "must match at least one image of the dataset. Got none instead.",
        ),
    ],
)
def test_browsing_raises_errors_for_wrong_classes(tool, options, message) -> None:
    assert message in tool("browse_labels", DIGITS, *options)
