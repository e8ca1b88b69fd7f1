"""Invalid checkpoints and configs raise before a model could predict with random weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmpretrain_imbalance.apis import MultiLabelInferencer
from mmpretrain_imbalance.apis.trained_model import read_config
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.apis.predictable_model import with_head, write_model


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_model(tmp_path_factory.mktemp("model"))


def test_checkpoint_of_another_model_raises(files, tmp_path: Path) -> None:
    torch.save(dict(state_dict={"fc.weight": torch.ones(1)}, meta={}), tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"must contain every weight of the model. Got no value for"):
        MultiLabelInferencer(files[0], tmp_path / "other.pth", device="cpu")


@pytest.mark.parametrize("content", [b"", b"no checkpoint at all"])
def test_file_that_is_not_a_checkpoint_raises(files, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.pth").write_bytes(content)
    with pytest.raises(ValueError, match=r"broken.pth' must be loadable with weights_only=True"):
        MultiLabelInferencer(files[0], tmp_path / "broken.pth", device="cpu")


def test_weights_with_another_shape_raise(files) -> None:
    """MMEngine raises no error for them and keeps the initial values."""
    message = r"Got the shape \(3, 8\), not \(5, 8\), for 'head.fc.weight' and 1 more"
    with pytest.raises(ValueError, match=message):
        MultiLabelInferencer(with_head(files[0], num_classes=5), files[1], device="cpu")


def test_missing_batch_norm_statistics_raise(files, tmp_path: Path) -> None:
    checkpoint = load_weights_only(files[1])
    missing = next(name for name in checkpoint["state_dict"] if name.endswith("running_mean"))
    del checkpoint["state_dict"][missing]
    torch.save(checkpoint, tmp_path / "part.pth")
    with pytest.raises(ValueError, match=f"Got no value for '{missing}' instead"):
        MultiLabelInferencer(files[0], tmp_path / "part.pth", device="cpu")


def test_config_without_a_model_raises(files) -> None:
    with pytest.raises(ValueError, match="must be a config with a 'model' field"):
        MultiLabelInferencer(Config(dict(a=1)), files[1])


def test_missing_files_raise(files) -> None:
    with pytest.raises(FileNotFoundError, match=r"config 'nowhere.py' does not exist"):
        MultiLabelInferencer("nowhere.py", files[1])
    with pytest.raises(FileNotFoundError, match=r"checkpoint 'nowhere.pth' does not exist"):
        MultiLabelInferencer(files[0], "nowhere.pth")
    with pytest.raises(ValueError, match=r"must be a checkpoint if 'model' is a config. Got None"):
        MultiLabelInferencer(files[0])


def test_names_of_mmpretrain_have_their_published_weights() -> None:
    cfg, weights = read_config("resnet101-csra_1xb16_voc07-448px")
    assert cfg.model.head.type == "CSRAClsHead"
    assert weights.startswith("https://")  # on the server of the stack
    assert "resnet101-csra_1xb16_voc07-448px" in weights
    with pytest.raises(FileNotFoundError, match="config 'no-such-model' does not exist, and mmpretrain"):
        read_config("no-such-model")
