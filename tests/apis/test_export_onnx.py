"""ONNX export: outputs agree with PyTorch for any batch size, and metadata describe the preprocessing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.apis import MultiLabelInferencer
from mmpretrain_imbalance.apis.export_onnx import LabelProbabilities, export_onnx
from tests.apis.predictable_model import CLASSES, SIZE, write_model


@pytest.fixture(scope="module")
def inferencer(tmp_path_factory: pytest.TempPathFactory) -> MultiLabelInferencer:
    return MultiLabelInferencer(*write_model(tmp_path_factory.mktemp("model")), device="cpu")


@pytest.mark.slow
def test_onnx_agrees_with_pytorch(inferencer: MultiLabelInferencer, tmp_path: Path) -> None:
    import onnx  # imported here, so that other tests run without the extra 'onnx'
    import onnxruntime

    path = tmp_path / "model.onnx"
    difference = export_onnx(
        inferencer.model, path, (3, SIZE, SIZE), class_names=CLASSES, thresholds=[0.1, 0.2, 0.3]
    )

    assert difference < 1e-5
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for num_images in (1, 2, 5):
        images = torch.randn(num_images, 3, SIZE, SIZE)
        with torch.no_grad():
            expected = torch.sigmoid(inferencer.model(images, mode="tensor")).numpy()
        np.testing.assert_allclose(session.run(None, {"images": images.numpy()})[0], expected, atol=1e-5)
    metadata = {entry.key: json.loads(entry.value) for entry in onnx.load(path).metadata_props}
    assert metadata == dict(
        to_rgb=True, mean=[100, 110, 120], std=[60, 50, 40], classes=CLASSES, thresholds=[0.1, 0.2, 0.3]
    )


def test_invalid_image_shapes_raise(
    inferencer: MultiLabelInferencer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for shape in ((3, 1, 1), (3, 0, 8), (8, 8)):
        with pytest.raises(ValueError, match="'image_shape' argument of export_onnx must be"):
            export_onnx(inferencer.model, tmp_path / "model.onnx", shape)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_attention_and_boosted_maps_are_exported(tmp_path: Path) -> None:
    head = dict(type="PartialLabelCSRAClsHead", num_heads=2, lam=0.1, boost_lu=5.0)
    model = MODELS.build(
        dict(
            type="ImageClassifier",
            backbone=dict(type="SmallConvNet", in_channels=3, channels=(4, 8), pool=None),
            head=dict(head, num_classes=3, in_channels=8, loss=dict(type="PartialAsymmetricLoss")),
        )
    )
    assert export_onnx(model.eval(), tmp_path / "model.onnx", (3, SIZE, SIZE)) < 1e-5


def test_no_file_is_written_if_the_outputs_differ(
    inferencer: MultiLabelInferencer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnx
    import onnxruntime

    monkeypatch.setattr(torch.onnx, "export", lambda *_, **__: FakeOnnx())
    monkeypatch.setattr(onnx.helper, "set_model_props", lambda *_: None)
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *_, **__: FakeOnnx())
    with pytest.raises(ValueError, match=r"must agree with PyTorch .* Got a difference of"):
        export_onnx(inferencer.model, tmp_path / "model.onnx", (3, SIZE, SIZE))
    assert list(tmp_path.iterdir()) == []


def test_probabilities_are_the_sigmoid_of_the_logits(inferencer: MultiLabelInferencer) -> None:
    images = torch.randn(2, 3, SIZE, SIZE)
    with torch.no_grad():
        logits = inferencer.model.head(inferencer.model.extract_feat(images))
        torch.testing.assert_close(LabelProbabilities(inferencer.model)(images), 1 / (1 + (-logits).exp()))


class FakeOnnx:
    """Fake exporter and runtime that return 2 for every probability."""

    def __init__(self) -> None:
        self.model_proto = self

    def SerializeToString(self) -> bytes:
        return b""

    def run(self, _, inputs: dict) -> list[np.ndarray]:
        return [np.full((len(inputs["images"]), 3), 2.0)]
