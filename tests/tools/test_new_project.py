"""`new_project.py` prints what it understood; its options are those of the functions."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

from mmpretrain_imbalance.apis import new_project
from mmpretrain_imbalance.apis.project.usable_images import PROBLEM_KINDS
from mmpretrain_imbalance.datasets.tables import TableOptions
from tests.apis.project.drawn_photos import draw_photos, draw_table, draw_truth

SMALL = ("--model", "timm/test_efficientnet", "--weights", "none", "--image-size", "32", "--max-epochs", "2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, truth = tmp_path_factory.mktemp("user"), draw_truth(30)
    draw_photos(folder / "photos", truth)
    draw_table(truth).to_csv(folder / "labels.csv", index=False, sep=";")
    return folder


def test_everything_that_was_understood_is_printed(
    folder: Path, run_in_process, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = (folder / "labels.csv", "--images", folder / "photos", "--out", tmp_path / "project")
    run_in_process("new_project.py", *arguments, *SMALL, "--group-column", "patient")
    printed = " ".join(capsys.readouterr().out.split())
    for text in (
        "one column per class, 30 rows",
        "guessed: the cells are separated by ';'; overrule with --delimiter",
        "photo │ image",
        "remark │ ignored",
        "30 images can be used.",
        "Method: binary_cross_entropy; then try class_aware_selective_loss.",
        "of the labels are known",
        "Model: timm/test_efficientnet with random weights, 256 features, images of 32 pixels.",
        f"train.py {tmp_path}/project/config.py",
    ):
        assert text in printed
    assert re.search(r"red │ \d+ \+ / \d+ - │ \d+ \+ / \d+ -", printed)
    run_in_process("new_project.py", folder / "labels.csv", "--out", tmp_path / "project", "--update")
    printed = capsys.readouterr().out
    assert "New images: 0 in train, 0 in val. Images that the table no longer names: 0." in printed
    assert "Changed labels: none." in printed


def test_wrong_input_ends_in_one_sentence(folder: Path, error_message, tmp_path: Path) -> None:
    message = error_message("new_project.py", folder / "labels.csv", "--out", tmp_path / "project")
    assert "The '--images' argument must be the folder of the images. Got none instead." in message
    out = ("--out", tmp_path / "project")
    message = error_message("new_project.py", folder / "labels.csv", *out, "--update", "--model", "resnet18")
    assert "The '--update' option must come without options of new projects. Got --model instead." in message
    message = error_message(
        "new_project.py", folder / "labels.csv", *out, "--images", folder, "--model", "resn"
    )
    assert "Traceback" not in message
    assert "must be the name of a network in mmpretrain.list_models()" in message
    assert not (tmp_path / "project").exists()


def test_options_are_those_of_the_functions(command_line: ModuleType) -> None:
    import argparse

    from _lib.table_arguments import add_table_arguments, table_options

    parser = argparse.ArgumentParser()
    add_table_arguments(parser)
    assert {action.dest for action in parser._actions} - {"help"} == set(TableOptions.names())
    args = parser.parse_args(
        "--ignore a b --checked 3 5 --header-row 0 --fill-short-rows --blank negative".split()
    )
    expected = dict(ignore=["a", "b"], checked=[3, 5], header_row=0, fill_short_rows=True, blank="negative")
    assert table_options(args) == expected
    TableOptions(**expected)


def test_command_has_every_option_of_the_function() -> None:
    text = (Path(__file__).resolve().parents[2] / "tools" / "new_project.py").read_text(encoding="utf-8")
    named = {name.replace("-", "_") for name in re.findall(r'"--([\w-]+)"', text)}
    parameters = set(inspect.signature(new_project).parameters) - {"table", "progress", "table_options"}
    assert parameters <= named
    (kinds,) = re.findall(r"_PROBLEMS = \[(.*)\]", text)
    assert re.findall(r'"(\w+)"', kinds) == list(PROBLEM_KINDS)
