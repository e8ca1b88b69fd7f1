"""Facts about the runs and settings that differ, in the run report."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS

import mmpretrain_imbalance  # noqa: F401  registers the models
from mmpretrain_imbalance.metrics import describe_data
from mmpretrain_imbalance.visualization import ReportRun, run_report_page
from mmpretrain_imbalance.visualization.run_report.differences import setting_table
from mmpretrain_imbalance.visualization.run_report.run_facts import count_parameters, read_run_facts
from tests.datasets.label_table import LabelTable
from tests.visualization.report_pages import parse, rows_of, section, text_of
from tests.visualization.report_runs import CLASSES, predictions, run

MODEL = dict(
    type="ImageClassifier",
    backbone=dict(type="SmallConvNet", channels=(4, 8)),
    head=dict(
        type="MultiLabelLinearClsHead", num_classes=3, in_channels=8, loss=dict(type="PartialAsymmetricLoss")
    ),
)
LINES = (
    "2026/01/02 10:00:00 - mmengine - INFO - Start",
    "2026/01/02 11:02:03 - mmengine - INFO - Epoch(train)",
)


def write_run(folder: Path, seed: int | None = 3, lines: tuple[str, ...] = LINES, **settings) -> Path:
    folder.mkdir()
    config = dict(model=MODEL, randomness=dict(seed=seed), train_cfg=dict(max_epochs=9), num_images=5)
    (folder / "my_config.py").write_text(Config({**config, **settings}).pretty_text)
    for epoch in (8, 12):
        (folder / f"epoch_{epoch}.pth").touch()
    log = folder / "20260102_100000" / "20260102_100000.log"
    log.parent.mkdir()
    log.write_text("\n".join([*lines[:1], "    seed: 77", *lines[1:]]) + "\n")
    test = folder / "20260103_100000" / "20260103_100000.log"
    test.parent.mkdir()
    test.write_text("2026/01/03 10:00:00 - mmengine - INFO - Epoch(test)\n")
    return folder


def test_facts_come_from_the_config_the_checkpoint_and_the_log(tmp_path: Path) -> None:
    facts = read_run_facts(write_run(tmp_path / "a"))
    assert (facts.checkpoint, facts.epoch, facts.seed) == ("epoch_12.pth", "epoch 12", 3)
    assert (str(facts.started), str(facts.duration)) == ("2026-01-02 10:00:00", "1:02:03")
    assert read_run_facts(write_run(tmp_path / "b", seed=None)).seed == 77
    model = MODELS.build(MODEL)
    assert facts.parameters == sum(tensor.numel() for tensor in model.parameters()) > 0


def test_a_model_that_cannot_be_built_has_no_number_of_parameters() -> None:
    assert count_parameters(Config(dict(model=dict(type="NoSuchModel")))) is None

    @MODELS.register_module(name="NeedsValues", force=True)
    class NeedsValues(torch.nn.Module):  # a tensor without memory has no values
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(2, int(torch.tensor(3).item()))

    assert count_parameters(Config(dict(model=dict(type="NeedsValues")))) == 9


def test_settings_that_differ_are_listed_and_equal_ones_are_not(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a", work_dir="one", optim_wrapper=dict(lr=0.1), num_images=5)
    loaders = dict(dataset=dict(pipeline=[dict(type="LoadImageFromFile"), dict(type="PackInputs")]))
    second = write_run(tmp_path / "b", seed=4, work_dir="two", train_dataloader=loaders, num_images=6)
    page = parse(
        run_report_page([run(path.name, work_dir=path) for path in (first, second)], num_resamples=0)
    )
    assert sorted(rows_of(page, "Runs", table=1)) == [
        ["optim_wrapper.lr", "0.1", "not set"],
        ["randomness.seed", "3", "4"],
        ["train_dataloader.dataset.pipeline[0].type", "not set", "LoadImageFromFile"],
        ["train_dataloader.dataset.pipeline[1].type", "not set", "PackInputs"],
    ]
    facts = {name: values for name, *values in rows_of(page, "Runs")}
    assert facts["training time"] == ["1 h 02 min"] * 2
    assert facts["seed"] == ["3", "4"]


def test_many_settings_are_shortened(tmp_path: Path) -> None:
    folders = [write_run(tmp_path / name, env_cfg={f"k{n}": name * 200 for n in range(99)}) for name in "ab"]
    table = setting_table([run(folder.name, work_dir=folder) for folder in folders])
    assert (len(table.rows), table.caption) == (80, "The first 80 of 99 settings that differ.")
    assert table.rows[0][1].text == "a" * 119 + "…"


def test_equal_settings_and_missing_configs_are_explained(tmp_path: Path) -> None:
    same = [run(name, work_dir=write_run(tmp_path / name)) for name in "ab"]
    text = text_of(section(parse(run_report_page(same, num_resamples=0)), "Runs"))
    assert "All settings of the runs are equal." in text
    text = text_of(section(parse(run_report_page([same[0], run("bare")], num_resamples=0)), "Runs"))
    assert "No config was found for bare. Keep the config that MMEngine writes" in text
    assert "All settings" not in text


def test_thresholds_chosen_on_the_reported_images_are_marked(tmp_path: Path) -> None:
    known = predictions()
    values = (known.num_images, known.images, known.classes, known.labels)
    names = dict(classes=CLASSES, thresholds=[0.3] * 4)

    def read(name: str, content: dict) -> ReportRun:
        (tmp_path / name).mkdir()
        known.save(tmp_path / name / "predictions.npz")
        (tmp_path / name / "thresholds.json").write_text(json.dumps(content))
        return ReportRun.read(tmp_path / name)

    own = read("own", {**names, "chosen_on": describe_data(LabelTable([[1]]), *values)})
    other = read("other", {**names, "chosen_on": dict(dataset="MyData", split="val", num_images=1234)})
    html = run_report_page([own, other, read("old", names), run("none")], num_resamples=0)
    facts = {name: values for name, *values in rows_of(parse(html), "Runs")}
    data = ["the data of this report", "MyData, split val, 1,234 images", "not recorded", "-"]
    assert facts["thresholds chosen on"] == data
    notes = [
        text_of(note)
        for note in section(parse(html), "Metrics").findall("p")
        if note.get("class") == "warning"
    ]
    assert len(notes) == 2
    assert notes[0].startswith("Thresholds of own: The thresholds were chosen on these very images")
    assert notes[1].startswith("Thresholds of old: their file does not say on which data")
