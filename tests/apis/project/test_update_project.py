"""Updates of projects: parts are kept, new images are added, earlier files stay, other classes raise."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mmengine.config import Config

from mmpretrain_imbalance.apis import update_project
from mmpretrain_imbalance.apis.project import project_labels
from mmpretrain_imbalance.datasets import LabelStore
from tests.apis.project.drawn_photos import CLASSES
from tests.apis.project.test_new_project import expected_labels, labels_of


def parts(folder: Path) -> dict[str, set[str]]:
    return {part: set(pd.read_csv(folder / f"{part}.csv").image) for part in ("train", "val")}


@pytest.fixture
def few(table: pd.DataFrame, tmp_path: Path) -> Path:
    """Table of the first 30 images."""
    path = tmp_path / "few.csv"
    table[:30].to_csv(path, index=False)
    return path


def test_labels_are_those_of_the_corrected_table_and_parts_are_kept(
    make, few: Path, table: pd.DataFrame, tmp_path: Path
) -> None:
    folder = make(few).folder
    before, old_labels = parts(folder), labels_of(folder)
    corrected = table.drop(index=[0, 7])
    corrected["red"] = corrected["red"].replace({"yes": "no", "no": "yes"})
    corrected.to_excel(tmp_path / "corrected.xlsx", index=False)
    update = update_project(tmp_path / "corrected.xlsx", folder)
    after, labels = parts(folder), labels_of(folder)
    np.testing.assert_array_equal(labels.to_numpy(float), expected_labels(corrected).to_numpy())
    assert not after["train"] & after["val"]
    for part in before:
        assert before[part] & set(corrected.photo) <= after[part]
    assert update.removed_images == 2
    assert update.new_images == {part: len(after[part] - before[part]) for part in before}
    assert sum(update.new_images.values()) == 10
    assert min(update.new_images.values()) > 0
    kept = old_labels.index.intersection(labels.index)
    old, new = old_labels.loc[kept, "red"], labels.loc[kept, "red"]
    expected = {(1, 0): int(((old == 1) & (new == 0)).sum()), (0, 1): int(((old == 0) & (new == 1)).sum())}
    assert update.changed_labels == expected


def test_number_of_training_images_is_updated_where_the_loss_has_it(
    make, few: Path, table: pd.DataFrame, tmp_path: Path
) -> None:
    folder = make(few, method="online_label_estimation_loss").folder
    for rows in (slice(None, 30), slice(None)):
        table[rows].to_csv(tmp_path / "table.csv", index=False)
        update_project(tmp_path / "table.csv", folder)
        loss = Config.fromfile(folder / "config.py").model.head.loss
        assert loss.num_images == len(parts(folder)["train"])


def test_earlier_files_and_the_config_are_kept(make, few: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    folder = make(few).folder
    config = (folder / "config.py").read_text(encoding="utf-8") + "log_level = 'DEBUG'  # mine\n"
    (folder / "config.py").write_text(config, encoding="utf-8")
    first = {name: (folder / name).read_bytes() for name in ("train.csv", "val.csv")}
    table.to_csv(tmp_path / "all.csv", index=False)
    second = update_project(tmp_path / "all.csv", folder)
    third = update_project(few, folder)
    assert (second.earlier_version.name, third.earlier_version.name) == ("1", "2")
    for name, content in first.items():
        assert (folder / "versions" / "1" / name).read_bytes() == content
        assert (folder / name).read_bytes() == content  # the same table again
    assert (folder / "config.py").read_text(encoding="utf-8") == config
    assert [path.name for path in folder.iterdir() if path.name.endswith(".part")] == []


def test_new_images_of_a_group_go_to_its_part(make, table: pd.DataFrame, tmp_path: Path) -> None:
    table[::2].to_csv(tmp_path / "first.csv", index=False)
    folder = make(tmp_path / "first.csv", group_column="patient").folder
    table.to_csv(tmp_path / "all.csv", index=False)
    update_project(tmp_path / "all.csv", folder)  # the option is that of the project
    patient = table.set_index("photo").patient
    train, val = (set(patient[list(names)]) for names in parts(folder).values())
    assert not train & val
    assert len(train | val) == 20


def test_a_single_new_image_is_for_training(make, few: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    folder = make(few).folder
    table[:31].to_csv(tmp_path / "more.csv", index=False)
    assert update_project(tmp_path / "more.csv", folder).new_images == dict(train=1, val=0)


def test_wrong_updates_raise_and_change_nothing(make, few: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    folder = make(few).folder
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    table.drop(columns="blue").to_csv(tmp_path / "less.csv", index=False)
    with pytest.raises(
        ValueError, match=r"must have the classes of the project. Got no class 'blue' instead"
    ):
        update_project(tmp_path / "less.csv", folder)
    table.assign(black="yes").to_csv(tmp_path / "more.csv", index=False)
    with pytest.raises(
        ValueError, match=r"additional class 'black' instead. Leave a column out with --ignore 'black'"
    ):
        update_project(tmp_path / "more.csv", folder)
    with pytest.raises(
        ValueError, match=r"'images' argument of update_project must be the folder of the project"
    ):
        update_project(few, folder, tmp_path)
    with pytest.raises(FileNotFoundError, match=r"must be the folder of a project.*without project.json"):
        update_project(few, tmp_path)
    only_train = table[table.photo.isin(parts(folder)["train"])]
    only_train.to_csv(tmp_path / "train.csv", index=False)
    with pytest.raises(ValueError, match=r"must name images of the part 'val'"):
        update_project(tmp_path / "train.csv", folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    update_project(tmp_path / "more.csv", folder, ignore=["black"])
    (folder / "project.json").write_text("{}")
    with pytest.raises(ValueError, match=r"project.json: expected the settings that new_project writes"):
        update_project(few, folder)


def test_another_order_of_the_columns_is_no_change(
    make, few: Path, table: pd.DataFrame, tmp_path: Path
) -> None:
    folder = make(few).folder
    table[:30][["blue", "photo", *CLASSES[:2]]].to_csv(tmp_path / "order.csv", index=False)
    assert update_project(tmp_path / "order.csv", folder).changed_labels == {}
    assert list(pd.read_csv(folder / "train.csv").columns) == ["image", *CLASSES]


def test_large_projects_keep_label_stores(
    make, few: Path, table: pd.DataFrame, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(project_labels, "LARGEST_CSV", 10)
    folder = make(few).folder
    before = len(LabelStore.open(folder / "train_labels"))
    table.to_csv(tmp_path / "all.csv", index=False)
    update = update_project(tmp_path / "all.csv", folder)
    assert len(LabelStore.open(folder / "versions" / "1" / "train_labels")) == before
    store = LabelStore.open(folder / "train_labels", verify=True)
    assert len(store) == before + update.new_images["train"]
    assert Config.fromfile(folder / "config.py").train_dataloader.dataset.ann_file == "train_labels"
    shutil.rmtree(folder)


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_corrections_of_single_labels(delimiter: str, make, few: Path, tmp_path: Path) -> None:
    folder = make(few).folder
    before, old = parts(folder), labels_of(folder).fillna(-1)
    chosen = [(image, name, int(old.loc[image, name])) for image in sorted(old.index)[:4] for name in CLASSES]
    answers = [("" if row % 3 == 0 else 1 - max(label, 0)) for row, (_, _, label) in enumerate(chosen)]
    lines = [("kind", "image", "class", "label", "score", "correct")]
    lines += [("wrong?", *item, 0.5, answer) for item, answer in zip(chosen, answers)]
    path = tmp_path / "suspects.csv"
    path.write_text("".join(delimiter.join(map(str, line)) + "\n" for line in lines))
    update = update_project(path, folder)
    expected = old.copy()
    for (image, name, _), answer in zip(chosen, answers):
        if answer != "":
            expected.loc[image, name] = answer
    np.testing.assert_array_equal(labels_of(folder).fillna(-1).to_numpy(), expected.to_numpy())
    assert parts(folder) == before
    assert sum(update.changed_labels.values()) == sum(answer != "" for answer in answers)
    assert update.table is None


def test_corrections_survive_an_update_from_the_table(
    make, few: Path, table: pd.DataFrame, tmp_path: Path
) -> None:
    """A correction is dropped only where the table has another label than before, or no such image."""
    folder = make(few).folder
    old = labels_of(folder).fillna(-1)
    first, second, third = sorted(old.index)[:3]
    name = CLASSES[0]
    lines = [f"{image},{name},{1 - max(int(old.loc[image, name]), 0)}" for image in (first, second, third)]
    (tmp_path / "corrections.csv").write_text("\n".join(["image,class,correct", *lines]) + "\n")
    assert update_project(tmp_path / "corrections.csv", folder).num_corrections == 3
    corrected = labels_of(folder).fillna(-1)

    # The same table changes nothing, also a second time.
    for _ in range(2):
        update = update_project(few, folder)
        assert (update.num_corrections, update.changed_labels) == (3, {})
        pd.testing.assert_frame_equal(labels_of(folder).fillna(-1).loc[corrected.index], corrected)

    changed = table[:30].copy()
    row = changed.photo == second
    changed.loc[row, name] = {1: "no", 0: "yes", -1: "no"}[int(old.loc[second, name])]
    changed[changed.photo != third].to_csv(tmp_path / "changed.csv", index=False)
    update = update_project(tmp_path / "changed.csv", folder)
    labels = labels_of(folder).fillna(-1)
    assert update.num_corrections == 1
    assert labels.loc[first, name] == corrected.loc[first, name]
    assert labels.loc[second, name] == {1: 0, 0: 1, -1: 0}[int(old.loc[second, name])]
    assert third not in labels.index
    assert (folder / "versions" / "2" / "corrections.csv").is_file()
