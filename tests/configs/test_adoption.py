"""The adoption examples change what they say they change, and nothing else of MMPretrain's config."""

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
HOST = "mmpretrain::csra/resnet101-csra_1xb16_voc07-448px.py"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """MMPretrain's config, by the inheritance that users write."""
    path = tmp_path_factory.mktemp("host") / "host.py"
    path.write_text(f"_base_ = {HOST!r}\n")
    return Config.fromfile(path)


def test_loss_is_the_hosts_where_every_label_is_known(host: Config) -> None:
    ours = MODELS.build(Config.fromfile(ADOPTION / "resnet101-csra_1xb16_partial-voc07.py").model.head)
    theirs = MODELS.build(host.model.head)
    theirs.load_state_dict(ours.state_dict())
    features = (torch.randn(3, 2048, 2, 2, generator=torch.Generator().manual_seed(0)),)
    labels = (torch.arange(60).reshape(3, 20) % 3 == 0).float()
    samples = [DataSample().set_gt_score(row) for row in labels]
    torch.testing.assert_close(ours.loss(features, samples), theirs.loss(features, samples))


def plain(node: object) -> object:
    """Plain dictionaries of a config, without the scope that MMEngine notes in what comes from MMPretrain."""
    if isinstance(node, (Config, dict)):
        return {key: plain(value) for key, value in dict(node.items()).items() if key != "_scope_"}
    return [plain(item) for item in node] if isinstance(node, (list, tuple)) else node


def test_three_changes_and_no_other(host: Config) -> None:
    ours, host = (
        plain(cfg) for cfg in (Config.fromfile(ADOPTION / "resnet101-csra_1xb16_partial-voc07.py"), host)
    )
    assert {key for key in ours if ours[key] != host.get(key)} == {
        "custom_imports",
        "model",
        "train_pipeline",
        "train_dataloader",
    }
    ours["model"]["head"]["loss"] = host["model"]["head"]["loss"]
    assert ours["model"] == host["model"]
    added = [step for step in ours["train_pipeline"] if step not in host["train_pipeline"]]
    assert added == [dict(type="DifficultAsUnknown", num_classes=20)]
    assert ours["train_dataloader"]["dataset"].pop("pipeline") == ours["train_pipeline"]
    assert host["train_dataloader"]["dataset"].pop("pipeline") == host["train_pipeline"]
    assert ours["train_dataloader"] == host["train_dataloader"]


def test_difficult_objects_reach_the_loss_as_unknown(tmp_path: Path) -> None:
    runner = Runner.from_cfg(shrink(ADOPTION / "resnet101-csra_1xb16_partial-voc07.py", tmp_path))
    (batch,) = runner.build_dataloader(runner.cfg.train_dataloader)
    samples = runner.model.data_preprocessor(batch, training=True)["data_samples"]
    unknown = sorted((sample.gt_score == -1).nonzero().flatten().tolist() for sample in samples)
    assert unknown == [[12], [13], [14], [15]]
