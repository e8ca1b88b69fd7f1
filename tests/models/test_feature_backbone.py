"""Standardization of stored features, and its buffers in checkpoints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmpretrain_imbalance.models import FeatureBackbone

MEAN, STD = np.array([1.0, -2.0, 5.0]), np.array([2.0, 0.5, 0.0])


@pytest.fixture
def statistics(tmp_path: Path) -> Path:
    np.savez(tmp_path / "statistics.npz", mean=MEAN, std=STD)
    return tmp_path / "statistics.npz"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_features_are_standardized(statistics: Path, dtype: torch.dtype) -> None:
    backbone = FeatureBackbone(in_channels=3, statistics=statistics)
    features = torch.tensor([[3.0, -2.0, 6.0], [1.0, -1.0, 5.0]], dtype=dtype)
    assert torch.equal(backbone(features)[0], features.float())  # before a training starts
    backbone.init_weights()
    (standardized,) = backbone(features)
    assert torch.equal(standardized, torch.tensor([[1.0, 0.0, 1.0], [0.0, 2.0, 0.0]]))
    assert list(backbone.parameters()) == []


def test_checkpoint_does_not_need_the_file(statistics: Path) -> None:
    backbone = FeatureBackbone(in_channels=3, statistics=statistics)
    backbone.init_weights()
    state = backbone.state_dict()
    statistics.unlink()
    other = FeatureBackbone(in_channels=3, statistics=statistics)
    other.load_state_dict(state)
    features = torch.rand(2, 3)
    assert torch.equal(other(features)[0], backbone(features)[0])
    with pytest.raises(FileNotFoundError, match="'statistics' argument of FeatureBackbone"):
        other.init_weights()


def test_wrong_statistics(tmp_path: Path, statistics: Path) -> None:
    with pytest.raises(ValueError, match=r"of 4 features\. Got .*, with arrays of shape \(3,\) and \(3,\)"):
        FeatureBackbone(in_channels=4, statistics=statistics).init_weights()
    for arrays in (dict(mean=MEAN), dict(mean=MEAN, std=-STD), dict(mean=MEAN, std=STD * np.nan)):
        np.savez(tmp_path / "wrong.npz", **arrays)
        with pytest.raises(ValueError, match="finite 'mean' and 'std' of 3 features"):
            FeatureBackbone(in_channels=3, statistics=tmp_path / "wrong.npz").init_weights()
    (tmp_path / "text.npz").write_text("mean")
    with pytest.raises(ValueError, match="with a file that cannot be read"):
        FeatureBackbone(in_channels=3, statistics=tmp_path / "text.npz").init_weights()


def test_wrong_features() -> None:
    with pytest.raises(ValueError, match=r"must be of shape \(N, 3\), as in_channels says\. Got \(2, 4\)"):
        FeatureBackbone(in_channels=3)(torch.rand(2, 4))
    with pytest.raises(ValueError, match="'in_channels' argument of FeatureBackbone"):
        FeatureBackbone(in_channels=0)


@pytest.mark.parametrize(
    "head", ["MultiLabelLinearClsHead", "PartialLabelLinearClsHead", "ActiveClassesLinearClsHead"]
)
def test_heads_train_on_it(statistics: Path, head: str) -> None:
    options = dict(active_fraction=0.5) if head.startswith("Active") else {}
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        model = MODELS.build(
            dict(
                type="ImageClassifier",
                data_preprocessor=dict(type="PartialLabelDataPreprocessor", num_classes=4),
                backbone=dict(type="FeatureBackbone", in_channels=3, statistics=str(statistics)),
                head=dict(
                    type=head,
                    num_classes=4,
                    in_channels=3,
                    loss=dict(type="PartialAsymmetricLoss"),
                    **options,
                ),
            )
        )
    model.init_weights()
    np.testing.assert_array_equal(model.backbone.mean, MEAN)
    samples = [DataSample().set_gt_score(torch.tensor([1.0, 0.0, -1.0, 0.0])) for _ in range(2)]
    batch = model.data_preprocessor(dict(inputs=torch.rand(2, 3).half(), data_samples=samples), training=True)
    model.train()
    model(**batch, mode="loss")["loss"].backward()
    assert model.head.fc.weight.grad.abs().sum() > 0
