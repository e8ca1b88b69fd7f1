"""Selection of our inferencer by MMPretrain's function, and MMPretrain's view of the inferencer."""

from __future__ import annotations

from pathlib import Path

import mmcv
import mmpretrain
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.apis import BaseInferencer, get_model
from mmpretrain.structures import DataSample

from mmpretrain_imbalance.apis import MultiLabelInferencer
from tests.apis.predictable_model import CLASSES, expected_scores, write_model


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("images") / "color.png")
    mmcv.imwrite(np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8), path)
    return path


@pytest.fixture(scope="module")
def inferencer(files) -> BaseInferencer:
    return MultiLabelInferencer(*files, device="cpu", thresholds=0.5)


@pytest.mark.parametrize("kind", ["path", "config", "model"])
def test_inference_model_predicts_the_labels_above_their_thresholds(files, image, kind: str) -> None:
    thresholds = {"circle": 0.4, "square": 0.5, "star": 0.6}
    model = {
        "path": str(files[0]),
        "config": Config.fromfile(files[0]),
        "model": get_model(str(files[0]), pretrained=str(files[1])),
    }[kind]
    weights = {} if kind == "model" else dict(weights=files[1])
    found = mmpretrain.inference_model(model, image, thresholds=thresholds, **weights)
    expected = dict(zip(CLASSES, expected_scores(*files, mmcv.imread(image))))
    assert set(found.labels) == {name for name, score in expected.items() if score >= thresholds[name]}
    np.testing.assert_allclose(found.class_scores, list(expected.values()), atol=1e-5)


def test_every_module_of_mmpretrain_exports_the_extended_function() -> None:
    function = mmpretrain.inference_model
    assert function.__module__ == "mmpretrain_imbalance.apis.inference_model"
    assert mmpretrain.apis.inference_model is mmpretrain.apis.model.inference_model is function


def test_a_name_without_weights_raises(image) -> None:
    """MMPretrain's inferencers predict with random weights then."""
    with pytest.raises(ValueError, match=r"'weights' argument .* must be a checkpoint .* Got None"):
        mmpretrain.inference_model("digits-rps50_hill", image)


def test_a_name_with_a_checkpoint_predicts(tmp_path: Path) -> None:
    torch.save(dict(state_dict=get_model("digits-rps50_hill").state_dict(), meta={}), tmp_path / "a.pth")
    array = np.zeros((32, 32), np.uint8)
    found = mmpretrain.inference_model("digits-rps50_hill", array, weights=tmp_path / "a.pth", device="cpu")
    assert found.class_scores.shape == (10,)


def test_a_single_label_model_keeps_the_inferencer_of_mmpretrain() -> None:
    model = get_model("resnet32_1xb128_cifar10-lt_ldam")
    found = mmpretrain.inference_model(model, np.zeros((32, 32, 3), np.uint8))
    assert {"pred_label", "pred_score", "pred_scores"} <= set(found)


def test_list_models_of_the_inferencer() -> None:
    names = MultiLabelInferencer.list_models()
    assert {"digits-rps50_hill", "resnet101-csra_1xb16_voc07-448px"} <= set(names)
    assert not {"resnet32_1xb128_cifar10-lt_ldam", "resnet50_8xb32_in1k"} & set(names)


class TestMMPretrainInterface:
    def test_it_is_an_inferencer_of_mmpretrain(self, inferencer) -> None:
        assert isinstance(inferencer, BaseInferencer)
        assert inferencer.config is inferencer.cfg

    def test_samples_agree_with_predictions(self, inferencer, image) -> None:
        inputs = [image, "missing.jpg"]
        predictions = inferencer(inputs, progress=False)
        good, bad = inferencer(inputs, return_datasamples=True, batch_size=1, progress=False)
        assert isinstance(good, DataSample)
        np.testing.assert_array_equal(good.pred_score.numpy(), predictions[0].class_scores)
        assert {CLASSES[c] for c in good.pred_label} == set(predictions[0].labels)
        assert good.pred_label.tolist() == np.flatnonzero(predictions[0].class_scores >= 0.5).tolist()
        assert (good.img_path, good.fault) == (image, None)
        assert (bad.img_path, bad.fault) == ("missing.jpg", "no such file")
        assert "pred_score" not in bad

    def test_steps_of_mmpretrain_give_the_result_of_a_call(self, inferencer, image) -> None:
        (batch,) = inferencer.preprocess([image, image], batch_size=2)
        assert len(batch) == 2
        scores = [scores for scores, _ in inferencer.forward(batch)]
        expected = inferencer(image, progress=False)[0].class_scores
        np.testing.assert_allclose(scores, [expected, expected], atol=1e-6)

    def test_pictures_show_the_image_and_its_labels(self, inferencer, image, tmp_path: Path) -> None:
        blue = np.zeros((60, 60, 3), np.uint8) + np.array([200, 30, 10], np.uint8)  # BGR, as all arrays
        gray = np.full((60, 60), 200, np.uint8)
        inputs = [image, "missing.jpg", blue, gray]
        inferencer(inputs, progress=False, show_dir=tmp_path / "pictures")
        names = ["0_color.png", "2.png", "3.png"]
        assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == names
        for name, color in (("2.png", [200, 30, 10]), ("3.png", [200, 200, 200])):
            picture = mmcv.imread(tmp_path / "pictures" / name)
            assert picture.shape == (60, 60, 3)
            assert picture[-1, -1].tolist() == color  # the text is in the upper left corner
            assert (picture[:20, :20] != color).any()

    def test_invalid_arguments_raise(self, inferencer, image) -> None:
        with pytest.raises(ValueError, match=r"unknown argument.*resize"):
            inferencer(image, resize=3, progress=False)
        with pytest.raises(ValueError, match=r"'batch_size' argument .* must be an integer >= 1. Got 0"):
            inferencer(image, batch_size=0, progress=False)
