"""New projects: the files, the labels in them, the parts, image problems, and folders that stay absent."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import DATASETS
from PIL import Image

from mmpretrain_imbalance.apis.project import new_project as module
from mmpretrain_imbalance.apis.project.backbone_choice import build_backbone, choose_backbone
from tests.apis.project.drawn_photos import CLASSES, photo_name
from tests.datasets.tables.spellings import SPELLINGS
from tests.datasets.tables.spellings import draw_truth as draw_truth_of_spellings


def labels_of(folder: Path) -> pd.DataFrame:
    """Labels of all parts, by image: 1, 0 and NaN."""
    parts = [pd.read_csv(path, index_col="image") for path in sorted(folder.glob("[tv]*.csv"))]
    return pd.concat(parts).sort_index()


def expected_labels(table: pd.DataFrame) -> pd.DataFrame:
    cells = table.set_index("photo")[list(CLASSES)]
    return cells.apply(lambda column: column.map({"yes": 1.0, "no": 0.0})).sort_index()


def test_project_has_the_labels_of_the_table(make, spreadsheet: Path, table: pd.DataFrame) -> None:
    project = make(spreadsheet)
    found = labels_of(project.folder)
    np.testing.assert_array_equal(found.to_numpy(float), expected_labels(table).to_numpy())
    assert list(found.index) == sorted(table.photo)
    assert {part: pytest.approx(len(rows), abs=3) for part, rows in project.split.rows.items()} == dict(
        train=32, val=8
    )
    assert project.table.ignored_columns.keys() == {"patient", "remark"}


def test_project_has_all_its_files(make, spreadsheet: Path, photos: Path) -> None:
    folder = make(spreadsheet, test_fraction=0.2).folder
    assert {path.name for path in folder.iterdir()} == {
        *("README.md", "_base_", "config.py", "project.json", "test.csv", "train.csv", "val.csv")
    }
    settings = json.loads((folder / "project.json").read_text(encoding="utf-8"))
    assert (settings["table"], settings["images"]) == (str(spreadsheet), str(photos))
    assert [path.name for path in folder.parent.iterdir() if path.name.endswith(".part")] == []


def test_datasets_of_the_config_load_the_images_also_after_a_move(
    make, spreadsheet: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "it's moved"
    shutil.move(make(spreadsheet).folder, moved)
    cfg = Config.fromfile(moved / "config.py")
    for part in ("train", "val"):
        dataset = DATASETS.build(cfg[f"{part}_dataloader"].dataset)
        assert len(dataset) == len(pd.read_csv(moved / f"{part}.csv"))
        assert dataset[0]["inputs"].shape == (3, 32, 32)
    assert cfg.work_dir == f"{moved}/work_dirs"


def test_groups_are_in_one_part(make, spreadsheet: Path, table: pd.DataFrame) -> None:
    folder = make(spreadsheet, group_column="patient").folder
    patient = table.set_index("photo").patient
    parts = [set(patient[pd.read_csv(folder / f"{part}.csv").image]) for part in ("train", "val")]
    assert not parts[0] & parts[1]
    assert len(parts[0] | parts[1]) == 20


def test_method_and_numbers_come_from_the_training_labels(make, spreadsheet: Path) -> None:
    project = make(spreadsheet)
    labels = pd.read_csv(project.folder / "train.csv", index_col="image")
    assert project.advice.figures.known_fraction == pytest.approx(labels.notna().to_numpy().mean())
    assert project.advice.figures.single_positive is False
    assert project.method == project.advice.method == "binary_cross_entropy"
    cfg = Config.fromfile(project.folder / "config.py")
    assert cfg.num_classes == cfg.model.head.num_classes == 3
    other = make(spreadsheet, out=project.folder.with_name("other"), method="hill_loss")
    assert Config.fromfile(other.folder / "config.py").model.head.loss.type == "HillLoss"


def test_positives_only_get_a_loss_for_them(make, table: pd.DataFrame, tmp_path: Path) -> None:
    table[list(CLASSES)] = table[list(CLASSES)].replace("no", "")
    table.to_csv(tmp_path / "positives.csv", index=False)
    project = make(tmp_path / "positives.csv")
    loss = Config.fromfile(project.folder / "config.py").model.head.loss
    assert loss.type == "AsymmetricPseudoLabelLoss"
    assert loss.warmup_epochs == 1


def test_weights_of_a_file_are_in_the_project(make, spreadsheet: Path, tmp_path: Path) -> None:
    backbone = build_backbone(choose_backbone("timm/test_efficientnet", 32))
    torch.save(backbone.timm_model.state_dict(), tmp_path / "weights.pth")
    folder = make(spreadsheet, weights=tmp_path / "weights.pth").folder
    cfg = Config.fromfile(folder / "config.py")
    assert cfg.model.backbone.init_cfg.checkpoint == f"{folder}/backbone.pth"
    stored = torch.load(folder / "backbone.pth")["state_dict"]
    assert stored.keys() == backbone.state_dict().keys()


def test_image_problems_stop_with_a_list_of_each(
    make, table: pd.DataFrame, photos: Path, tmp_path: Path
) -> None:
    images = tmp_path / "photos"
    shutil.copytree(photos, images)
    (images / photo_name(3)).write_bytes(b"not an image")
    (images / photo_name(4)).unlink()
    shutil.copy(images / photo_name(5), images / photo_name(6))
    table.to_csv(tmp_path / "labels.csv", index=False)
    kinds = dict(missing=[4], unreadable=[3], duplicates=[6])
    with pytest.raises(
        ValueError, match=r"1 missing, 1 unreadable, 1 duplicates.*--skip-bad-images"
    ) as error:
        make(tmp_path / "labels.csv", images)
    assert not (tmp_path / "project").exists()
    for kind, rows in kinds.items():
        listed = pd.read_csv(tmp_path / "project-problems" / f"{kind}.csv")
        assert list(listed.name) == [photo_name(row) for row in rows]
        assert str(tmp_path / "project-problems" / f"{kind}.csv") in str(error.value)
    with pytest.raises(ValueError, match=r"Got 1 duplicates instead"):
        make(tmp_path / "labels.csv", images, skip_bad_images=["missing", "unreadable"])
    project = make(tmp_path / "labels.csv", images, skip_bad_images=list(kinds))
    assert {*labels_of(project.folder).index} == {
        photo_name(row) for row in range(40) if row not in (3, 4, 6)
    }
    assert (project.folder / "image_problems" / "missing.csv").is_file()


def test_rows_of_one_image_are_joined_if_told_to(make, table: pd.DataFrame, tmp_path: Path) -> None:
    table[list(CLASSES)] = "no"
    table.loc[0, list(CLASSES)] = ["yes", "", "yes"]
    again = table.iloc[[0]].assign(red="yes", green="yes", blue="no")
    pd.concat([table, again]).to_csv(tmp_path / "labels.csv", index=False)
    with pytest.raises(ValueError, match=r"1 repeated instead.*row 42: the same image as in row 2"):
        make(tmp_path / "labels.csv")
    project = make(tmp_path / "labels.csv", skip_bad_images=["repeated"])
    found = labels_of(project.folder).loc[photo_name(0)]
    assert (found.red, found.green) == (1, 1)
    assert np.isnan(found.blue)  # contradictory
    assert len(project.images.left_out["contradictions"]) == 1


def test_nothing_is_overwritten_and_failed_projects_are_absent(
    make, spreadsheet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as context:
        context.setattr(module, "project_readme", fail)
        with pytest.raises(OSError, match=r"disk full"):
            make(spreadsheet)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labels.xlsx"]
    folder = make(spreadsheet).folder
    with pytest.raises(FileExistsError, match=r"must be a folder that does not exist.*use --update"):
        make(spreadsheet)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileExistsError, match=r"Choose another name"):
        make(spreadsheet, out=tmp_path / "empty")
    assert (folder / "config.py").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(method="hil_loss"), "The 'method' argument of new_project must be one of .*'hill_loss'"),
        (dict(val_fraction=0), r"'val_fraction' argument of new_project must be in \(0, 1\)"),
        (dict(val_fraction=0.5, test_fraction=0.5), "must have a sum below 1"),
        (dict(batch_size=0), "'batch_size' argument of new_project must be an integer of at least 1"),
        (dict(skip_bad_images=["blurred"]), "'skip_bad_images' argument of new_project must be one of"),
    ],
)
def test_wrong_arguments_raise(options: dict, message: str, make, spreadsheet: Path) -> None:
    with pytest.raises(ValueError, match=message):
        make(spreadsheet, **options)


def test_folder_without_the_images_raises(make, spreadsheet: Path, tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match=r"'images' argument of new_project must be an existing folder"
    ):
        make(spreadsheet, tmp_path / "nothing")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(ValueError, match=r"40 missing"):
        make(spreadsheet, tmp_path / "nothing")
    with pytest.raises(ValueError, match=r"must name images of the folder. Got none"):
        make(spreadsheet, tmp_path / "nothing", skip_bad_images=["missing"])


def test_commands_of_the_readme_name_existing_files(make, spreadsheet: Path) -> None:
    folder = make(spreadsheet, ignore=["remark"], yes=["ja wohl"]).folder
    text = (folder / "README.md").read_text(encoding="utf-8")
    tools = re.findall(r"^python (\S+)", text, re.M)
    names = {Path(tool).name for tool in tools}
    assert names == {
        *(
            "train.py",
            "test.py",
            "predict.py",
            "label_report.py",
            "report.py",
            "suspects.py",
            "new_project.py",
        )
    }
    assert all(Path(tool).is_file() for tool in tools if "suspects" not in tool)
    assert "--ignore remark --yes 'ja wohl'" in text


@pytest.fixture(scope="module")
def spelled_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images that differ from each other, one for each row of the spellings."""
    folder = tmp_path_factory.mktemp("spelled")
    for number in range(128):
        pixels = np.random.default_rng(number).integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.jpg")
    return folder


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_becomes_a_project(name: str, make, spelled_photos: Path, tmp_path: Path) -> None:
    spelling = SPELLINGS[name](tmp_path, draw_truth_of_spellings())
    images = tmp_path / "images"
    images.mkdir()
    for number, image in enumerate(spelling.names):
        target = Path(image.replace("\\", "/")).name
        target = target if target.endswith(".jpg") else f"{target}.jpg"
        (images / target).symlink_to(spelled_photos / f"{number}.jpg")
    project = make(spelling.path, images, **spelling.options)
    found = labels_of(project.folder)[spelling.classes].fillna(-1)
    order = sorted(range(len(found)), key=lambda row: spelling.names[row])
    np.testing.assert_array_equal(found.to_numpy(), spelling.expected[order])
