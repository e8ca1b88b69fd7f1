"""Differences between the adoption example and MMPretrain's config."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from tests.configs.shrunk_config import shrink

ADOPTION = Path(__file__).resolve().parents[2] / "configs" / "adoption"
MMPRETRAIN_CONFIG = "mmpretrain::csra/resnet101-csra_1xb16_voc07-448px.py"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """MMPretrain's config, inherited as in a config of a user."""
    path = tmp_path_factory.mktemp("original") / "original.py"
    path.write_text(f"_base_ = {MMPRETRAIN_CONFIG!r}\n")
    return Config.fromfile(path)


def test_loss_equals_mmpretrains_loss_if_every_label_is_known(original: Config) -> None:
    ours = MODELS.build(Config.fromfile(ADOPTION / "resnet101-csra_1xb16_partial-voc07.py").model.head)
    theirs = MODELS.build(original.model.head)
    theirs.load_state_dict(ours.state_dict())
    features = (torch.randn(3, 2048, 2, 2, generator=torch.Generator().manual_seed(0)),)
    labels = (torch.arange(60).reshape(3, 20) % 3 == 0).float()
    samples = [DataSample().set_gt_score(row) for row in labels]
    torch.testing.assert_close(ours.loss(features, samples), theirs.loss(features, samples))


def plain(node: object) -> object:
    """Convert a config to plain dictionaries, without the scope that MMEngine adds to inherited parts."""
    if isinstance(node, (Config, dict)):
        return {key: plain(value) for key, value in dict(node.items()).items() if key != "_scope_"}
    return [plain(item) for item in node] if isinstance(node, (list, tuple)) else node


def test_config_has_three_changes_only(original: Config) -> None:
    ours = plain(Config.fromfile(ADOPTION / "resnet101-csra_1xb16_partial-voc07.py"))
    theirs = plain(original)
    assert {key for key in ours if ours[key] != theirs.get(key)} == {
        "custom_imports",
        "model",
        "train_pipeline",
        "train_dataloader",
    }
    ours["model"]["head"]["loss"] = theirs["model"]["head"]["loss"]
    assert ours["model"] == theirs["model"]
    added = [step for step in ours["train_pipeline"] if step not in theirs["train_pipeline"]]
    assert added == [dict(type="DifficultAsUnknown", num_classes=20)]
    assert ours["train_dataloader"]["dataset"].pop("pipeline") == ours["train_pipeline"]
    assert theirs["train_dataloader"]["dataset"].pop("pipeline") == theirs["train_pipeline"]
    assert ours["train_dataloader"] == theirs["train_dataloader"]


def test_difficult_objects_are_unknown_in_the_loss(tmp_path: Path) -> None:
    runner = Runner.from_cfg(shrink(ADOPTION / "resnet101-csra_1xb16_partial-voc07.py", tmp_path))
    (batch,) = runner.build_dataloader(runner.cfg.train_dataloader)
    samples = runner.model.data_preprocessor(batch, training=True)["data_samples"]
    unknown = sorted((sample.gt_score == -1).nonzero().flatten().tolist() for sample in samples)
    assert unknown == [[12], [13], [14], [15]]
