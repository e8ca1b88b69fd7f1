"""Commands and errors of the data set converter, and its description in the documentation."""

from __future__ import annotations

import re
import shlex

import numpy as np
import pytest
from mmengine.config import Config
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.datasets import LabelStore, SimulatePartialLabels
from tests.datasets import published_files as files
from tests.datasets.label_table import LabelTable, long_tailed_table
from tests.tools.published_commands import COMMANDS, open_images
from tests.tools.run_convert import convert, convert_module
from tests.tools.run_tool import ROOT

DATASETS_PAGE = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")


def test_commands_for_own_files(tmp_path, capsys):
    np.save(tmp_path / "labels.npy", np.array([[1, 0], [0, -1]]))
    np.save(tmp_path / "images.npy", np.array(["a.jpg", "b.jpg"]))
    (tmp_path / "class_folders" / "cat").mkdir(parents=True)
    (tmp_path / "class_folders" / "cat" / "a.jpg").touch()
    table = files.write_lines(tmp_path / "table.csv", "image,cat,dog", "a.jpg,1,", "b.jpg,0,1")
    names = files.write_lines(tmp_path / "names.txt", "cat", "dog")
    matrices = ["single_positive", tmp_path / "labels.npy", tmp_path / "images.npy", "--class-names", names]
    commands = {
        "unknown": ([*matrices, "--meaning", "zero_is_unknown"], [[1, -1], [-1, 0]]),
        "negative": ([*matrices, "--meaning", "zero_is_negative"], [[1, 0], [0, -1]]),
        "folders": (["folders", tmp_path / "class_folders", "--others", "negative"], [[1]]),
        "table": (["table", table], [[1, -1], [0, 1]]),
    }
    for name, (command, expected) in commands.items():
        convert(*command, "--out", tmp_path / name)
        assert files.table_of(LabelStore.open(tmp_path / name)) == expected
    assert (
        "table: 2 images, 2 classes, 2 positive, 1 negative and 1 unknown labels" in capsys.readouterr().out
    )


def test_malformed_rows_raise_an_error_or_are_counted(tmp_path, capsys):
    path = files.write_chexpert(tmp_path / "train.csv")
    path.write_text(path.read_text() + "x.jpg,Male\n")
    with pytest.raises(SystemExit, match=r"The 'row' of line 4 in .*train.csv must be 8 cells"):
        convert("chexpert", path, "--out", tmp_path / "store")
    assert not (tmp_path / "store").exists()
    convert("chexpert", path, "--out", tmp_path / "store", "--skip-malformed")
    assert "1 malformed rows skipped in" in capsys.readouterr().out
    with pytest.raises(SystemExit, match=r"'--out' argument must be a folder that does not exist"):
        convert("chexpert", path, "--out", tmp_path / "store")


def test_two_conversions_write_the_same_bytes(tmp_path, capsys):
    for name in ("a", "b"):
        command = open_images(tmp_path / f"published_{name}", "train")
        convert(*command, "--out", tmp_path / name)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
    # A changed byte of a converted store raises an error.
    path = tmp_path / "a" / "classes.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"classes.npy of a label store must have the SHA-256"):
        LabelStore.open(tmp_path / "a").verify()
    convert("verify", tmp_path / "b")
    assert f"{tmp_path / 'b'}: 4 images" in capsys.readouterr().out
    with pytest.raises(SystemExit, match=r"a/classes.npy of a label store must have the SHA-256"):
        convert("verify", tmp_path / "b", tmp_path / "a")
    with pytest.raises(SystemExit, match=r"must have the file manifest.json"):
        convert("verify", tmp_path / "published_a")


def test_commands_of_the_documentation_are_parsed():
    text = DATASETS_PAGE.replace("\\\n", " ")
    commands = re.findall(r"^python tools/dataset_converters/convert.py (\w+ .*--out.*)$", text, re.MULTILINE)
    names = {vars(convert_module.parse_args(shlex.split(command)))["data set"] for command in commands}
    table = set(
        re.findall(r"`(\w+)`", "".join(re.findall(r"^\| \[.*?\]\(#.*?\) \|(.*?)\|", text, re.MULTILINE)))
    )
    assert names == table
    assert table == set(convert_module.READERS)  # every sub-command has a row and a command on the page


def test_bases_of_the_documentation_exist():
    rows = "".join(re.findall(r"^\| \[.*$", DATASETS_PAGE, re.MULTILINE))
    others = {"cifar10_imbalanced", "cifar100_imbalanced", "multi_mnist", "multi_mnist_rps50"}
    others |= {"corel5k", "clothing_attributes"}  # their files are CSV, which need no conversion
    assert set(re.findall(r"`(\w+)\.py`", rows)) == {*COMMANDS, *others}


def test_every_section_describes_source_layout_classes_and_license():
    table = set(re.findall(r"^\| \[.*?\]\(#(.*?)\)", DATASETS_PAGE, re.MULTILINE))
    sections = re.split(r"^## ", DATASETS_PAGE, flags=re.MULTILINE)[1:]
    anchors = {}
    for section in sections:
        title, text = section.split("\n", 1)
        anchors[re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")] = text
    assert set(anchors) == {*table, "measured"}
    for anchor in table - {"folders-and-tables", "simulated-partial-labels"}:
        items = re.findall(r"^- \*\*(\w+):\*\* \S", anchors[anchor], re.MULTILINE)
        assert items == ["Download", "Layout", "Classes", "License"], anchor


def test_configs_of_the_documentation_build(tmp_path):
    blocks = re.findall(r"^```python\n(.*?)^```", DATASETS_PAGE, re.MULTILINE | re.DOTALL)
    configs = []
    for number, block in enumerate(blocks):
        path = tmp_path / f"{number}.py"
        path.write_text(block.replace("../_base_", str(ROOT / "configs" / "_base_")))
        configs.append(Config.fromfile(path))
    lvis, resnet, mnist = configs
    assert lvis.train_dataloader.dataset.data_root == "data/lvis"
    assert lvis.data_preprocessor.num_classes == 1203
    lvis.model.backbone.depth = 18  # a smaller model, with all other settings unchanged
    lvis.model.head.in_channels = 512
    model = MODELS.build(dict(lvis.model, data_preprocessor=lvis.data_preprocessor))
    assert model.head.fc.out_features == 1203
    assert resnet.model.backbone.init_cfg == dict(
        type="Pretrained", checkpoint="resnet50.pth", prefix="backbone"
    )
    assert mnist.train_dataloader.dataset.dataset.data_root == "data/mnist"
    assert MODELS.build(mnist.model).head.fc.out_features == 10


def test_files_without_images_raise_an_error(tmp_path):
    path = files.write_lines(tmp_path / "train.csv", "Path,Edema")
    with pytest.raises(SystemExit, match=r"images of .*train.csv must have labels. Got no image"):
        convert("chexpert", path, "--out", tmp_path / "store")
    assert sorted(tmp_path.iterdir()) == [path]


def test_tables_with_wrong_or_repeated_lines(tmp_path, capsys):
    path = files.write_lines(tmp_path / "t.csv", "image,cat,dog", "a.jpg,1,", "b.jpg,2,0", "a.jpg,,0")
    with pytest.raises(SystemExit, match=r"'cat' of line 3 in .* Got '2' instead. 1 more error follows"):
        convert("table", path, "--out", tmp_path / "store")
    convert("table", path, "--out", tmp_path / "store", "--skip-malformed", "--repeated-images", "join")
    assert "1 malformed rows skipped in" in capsys.readouterr().out
    assert files.table_of(LabelStore.open(tmp_path / "store")) == [[1, 0]]
    long = files.write_lines(tmp_path / "long.csv", "image,class,value", "a.jpg,dog,1")
    names = files.write_lines(tmp_path / "names.txt", "cat", "dog")
    convert("table", long, "--class-names", names, "--out", tmp_path / "long")
    assert files.table_of(LabelStore.open(tmp_path / "long")) == [[-1, 1]]


def test_options_that_a_table_does_not_support(tmp_path):
    def assert_raises(message, *options):
        with pytest.raises(SystemExit, match=message):
            convert("table", *options, "--out", tmp_path / "store")
        assert not (tmp_path / "store").exists()

    wide = files.write_lines(tmp_path / "wide.csv", "image,cat,dog", "a.jpg,1,")
    assert_raises(
        r"'--default-label' argument must be 'unknown' for a CSV file", wide, "--default-label", "negative"
    )
    content = dict(metainfo=dict(classes=["cat", "dog"]), data_list=[dict(img_path="a.jpg", gt_label=[0])])
    lists = files.write_json(tmp_path / "lists.json", content)
    names = files.write_lines(tmp_path / "names.txt", "cat")
    for path in (wide, lists):
        assert_raises(
            r"'--class-names' argument must not be set .*names.txt with", path, "--class-names", names
        )
    names.write_bytes(b"ch\xe2t\n")
    assert_raises(r"names.txt must be text in UTF-8", wide, "--class-names", names)
    names.write_text("\ufeffcat\r\n dog \n", encoding="utf-8")
    convert("table", lists, "--class-names", names, "--out", tmp_path / "store")
    long = files.write_lines(tmp_path / "long.csv", "image,class,value", "a.jpg,elk,1", "a.jpg,cat,0")
    convert("table", long, "--class-names", names, "--out", tmp_path / "long")
    assert LabelStore.open(tmp_path / "long").class_names == ("cat", "dog", "elk")


@pytest.mark.parametrize(
    ("protocol", "option"),
    [("rps", "probability"), ("fpc", "num_labels"), ("known_label_ratio", "known_label_ratio")],
)
def test_simulated_stores_equal_the_simulated_dataset(tmp_path, protocol, option):
    labels = LabelTable(long_tailed_table(80))
    labels.label_store.save(tmp_path / "all")
    amount = {"probability": 0.3, "num_labels": 4, "known_label_ratio": 0.5}[option]
    command = ["simulate", tmp_path / "all", protocol, f"--{option.replace('_', '-')}", amount, "--seed", 7]
    convert(*command, "--out", tmp_path / "hidden")
    expected = SimulatePartialLabels(labels, protocol, seed=7, **{option: amount})
    assert files.table_of(LabelStore.open(tmp_path / "hidden")) == expected.get_gt_labels().tolist()
    with pytest.raises(SystemExit, match=f"'{option}' argument of simulate must be"):
        convert(*command[:3], "--out", tmp_path / "other")


def test_simulation_keeps_the_class_groups(tmp_path):
    convert("lvis", files.write_lvis(tmp_path / "lvis.json"), "--out", tmp_path / "all")
    convert("simulate", tmp_path / "all", "rps", "--probability", "0.2", "--out", tmp_path / "hidden")
    metadata = LabelStore.open(tmp_path / "all").class_metadata
    assert sorted(metadata["frequency"]) == ["c", "f", "r"]
    assert LabelStore.open(tmp_path / "hidden").class_metadata == metadata
