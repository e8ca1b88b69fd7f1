"""Multi-label inferencer: scores, thresholds, batches, and invalid images and arguments."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmcv.transforms import LoadImageFromFile
from mmengine.config import Config
from mmpretrain.apis import get_model

from mmpretrain_imbalance.apis import MultiLabelInferencer
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.apis.predictable_model import CLASSES, expected_scores, write_images, write_model


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    return write_images(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def inferencer(files) -> MultiLabelInferencer:
    return MultiLabelInferencer(*files, device="cpu", batch_size=3)


def without_resize(path: Path) -> Config:
    cfg = Config.fromfile(path)
    cfg.test_dataloader.dataset.pipeline = [dict(type="PackInputs")]
    return cfg


def by_image(predictions) -> dict:
    return {prediction.image: prediction for prediction in predictions}


def test_scores_agree_with_the_network_step_by_step(inferencer, files, images) -> None:
    found = by_image(inferencer(list(images), progress=False))
    for path, fault in images.items():
        if fault is None:
            image = cv2.imread(path, cv2.IMREAD_COLOR)
            np.testing.assert_allclose(found[path].class_scores, expected_scores(*files, image), atol=1e-5)


def test_labels_have_scores_of_at_least_their_threshold(files, images) -> None:
    thresholds = {"star": 0.4, "circle": 0.6, "square": 0.5, "other": 0.1}
    inferencer = MultiLabelInferencer(*files, thresholds=thresholds, topk=2, device="cpu")
    for prediction in inferencer([path for path, fault in images.items() if fault is None], progress=False):
        scores = dict(zip(CLASSES, prediction.class_scores.tolist()))
        ranked = sorted(CLASSES, key=lambda name: -scores[name])
        assert prediction.labels == [name for name in ranked if scores[name] >= thresholds[name]]
        assert prediction.scores == pytest.approx([scores[name] for name in prediction.labels], rel=1e-5)
        assert prediction.top_labels == ranked[:2]
        assert prediction.top_scores == pytest.approx([scores[name] for name in ranked[:2]], rel=1e-5)


def test_invalid_images_are_reported_and_do_not_affect_others(inferencer, images) -> None:
    predictions = inferencer(list(images), progress=False)
    assert [prediction.image for prediction in predictions] == list(images)
    for prediction in predictions:
        fault = images[prediction.image]
        assert (prediction.fault is None) == (fault is None)
        assert fault is None or fault in prediction.fault
    alone = by_image(inferencer([path for path, fault in images.items() if fault is None], progress=False))
    for prediction in predictions:
        if prediction.fault is None:
            np.testing.assert_allclose(
                prediction.class_scores, alone[prediction.image].class_scores, atol=1e-6
            )


@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_result_does_not_depend_on_the_batch_or_on_workers(
    inferencer, files, images, batch_size: int
) -> None:
    other = MultiLabelInferencer(*files, device="cpu", batch_size=batch_size, num_workers=batch_size % 2)
    expected = inferencer(list(images), progress=False)
    for ours, theirs in zip(other(list(images), progress=False), expected):
        assert (ours.image, ours.fault, ours.labels) == (theirs.image, theirs.fault, theirs.labels)
        if ours.fault is None:
            np.testing.assert_allclose(ours.class_scores, theirs.class_scores, atol=1e-6)


def test_cmyk_is_converted_to_bgr(images) -> None:
    """Full magenta and yellow without cyan and black is red, the last channel of OpenCV."""
    path = next(path for path in images if path.endswith("cmyk.jpg"))
    pixel = cv2.imread(path, cv2.IMREAD_COLOR).mean(axis=(0, 1))
    assert pixel[2] > 200
    assert pixel[:2].max() < 60


def test_arrays_and_files_have_equal_scores(inferencer, images) -> None:
    path = next(path for path in images if path.endswith("color.png"))
    array = cv2.imread(path, cv2.IMREAD_COLOR)
    gray = array[..., 0]
    alpha = np.dstack([array, gray])
    from_file, from_array, from_alpha, from_gray, stacked = inferencer(
        [path, array, alpha, gray, np.dstack([gray] * 3)], progress=False
    )
    np.testing.assert_allclose(from_array.class_scores, from_file.class_scores, atol=1e-6)
    np.testing.assert_allclose(from_alpha.class_scores, from_file.class_scores, atol=1e-6)
    np.testing.assert_allclose(from_gray.class_scores, stacked.class_scores, atol=1e-6)
    assert from_array.image == "array 1"


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 5, 3)),
        np.zeros((5, 5, 2)),
        np.zeros(5),
        np.full((5, 5, 3), np.nan, np.float32),
        np.full((5, 5), 256),
        np.full((5, 5), -1.0),
        np.full((5, 5), 0.5),
        np.ones((5, 5), bool),
        np.zeros((2, 2, 5, 5, 3), np.uint8),
    ],
    ids=lambda array: f"{array.dtype} {array.shape}",
)
def test_invalid_arrays_are_reported(inferencer, array: np.ndarray) -> None:
    assert "An image array must" in inferencer(array, progress=False)[0].fault


def test_scores_do_not_depend_on_the_array_dtype(inferencer) -> None:
    array = np.random.default_rng(0).integers(0, 256, (30, 20, 3), dtype=np.uint8)
    expected, *others = inferencer(
        [array, *(array.astype(kind) for kind in ("int64", "float16", "float32", "float64"))], progress=False
    )
    for other in others:
        # The resize rounds differently for each dtype.
        np.testing.assert_allclose(other.class_scores, expected.class_scores, atol=1e-2)


def test_image_above_max_pixels_is_reported(files) -> None:
    cfg = without_resize(files[0])
    inferencer = MultiLabelInferencer(cfg, files[1], device="cpu", max_pixels=400)
    too_large, valid = inferencer(
        [np.zeros((20, 21, 3), np.uint8), np.zeros((20, 20, 3), np.uint8)], progress=False
    )
    assert "20 x 21 pixels after the test pipeline are more than max_pixels=400" in too_large.fault
    assert valid.fault is None


def test_forward_passes_have_at_most_max_pixels(files) -> None:
    inferencer = MultiLabelInferencer(without_resize(files[0]), files[1], device="cpu", max_pixels=1000)
    sizes = []
    inferencer.model.backbone.register_forward_pre_hook(
        lambda module, args: sizes.append(tuple(args[0].shape))
    )
    arrays = [np.full((20, 20, 3), value, np.uint8) for value in range(5)]
    predictions = inferencer([*arrays, np.zeros((30, 30, 3), np.uint8)], progress=False)
    assert sizes == [(2, 3, 20, 20), (2, 3, 20, 20), (1, 3, 20, 20), (1, 3, 30, 30)]
    for array, prediction in zip(arrays, predictions):
        alone = inferencer(array, progress=False)[0]
        np.testing.assert_allclose(prediction.class_scores, alone.class_scores, atol=1e-6)


def test_image_on_which_the_model_fails_does_not_affect_others(files, monkeypatch) -> None:
    inferencer = MultiLabelInferencer(without_resize(files[0]), files[1], device="cpu", batch_size=8)
    arrays = [np.full((side, 20, 3), 7, np.uint8) for side in (1, 20, 1, 24)]
    predictions = inferencer(arrays, progress=False)
    assert [prediction.fault is None for prediction in predictions] == [False, True, False, True]
    assert "the model failed on an image of 1 x 20 pixels (" in predictions[0].fault

    def failing_device(_):
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(inferencer.model, "test_step", failing_device)
    with pytest.raises(RuntimeError, match="illegal memory access"):
        inferencer(arrays, progress=False)


@pytest.mark.parametrize("inputs", [5, None, ["a.jpg", 5], b"a.jpg"])
def test_inputs_of_other_types_raise(inferencer, inputs) -> None:
    with pytest.raises(TypeError, match="'inputs' argument of MultiLabelInferencer must be image files"):
        inferencer(inputs, progress=False)


def test_four_dimensional_array_is_several_images(inferencer) -> None:
    arrays = np.random.default_rng(0).integers(0, 256, (3, 20, 20, 3), dtype=np.uint8)
    predictions = inferencer(arrays, progress=False)
    assert [prediction.image for prediction in predictions] == ["array 0", "array 1", "array 2"]
    alone = inferencer(arrays[1], progress=False)[0]
    np.testing.assert_allclose(predictions[1].class_scores, alone.class_scores, atol=1e-6)


@pytest.mark.parametrize("kind", ["mmpretrain.LoadImageFromFile", LoadImageFromFile])
def test_arrays_skip_the_image_loader_of_any_spelling(files, kind) -> None:
    cfg = Config.fromfile(files[0])
    cfg.test_dataloader.dataset.pipeline[0].type = kind
    assert MultiLabelInferencer(cfg, files[1], device="cpu")(np.zeros((9, 9, 3), np.uint8))[0].fault is None


def test_repeated_image_is_predicted_twice(inferencer, images) -> None:
    path = next(iter(images))
    assert [found.image for found in inferencer([path, Path(path)], progress=False)] == [path, path]


def test_model_with_one_channel_accepts_color_images(tmp_path: Path, images) -> None:
    files = write_model(tmp_path, channels=1)
    inferencer = MultiLabelInferencer(*files, device="cpu")
    path = next(path for path in images if path.endswith("color.png"))
    expected = expected_scores(*files, cv2.imread(path, cv2.IMREAD_GRAYSCALE))
    from_file, from_array = inferencer([path, cv2.imread(path)], progress=False)
    np.testing.assert_allclose(from_file.class_scores, expected, atol=1e-5)
    np.testing.assert_allclose(from_array.class_scores, expected, atol=1e-2)  # rounding of the gray value
    for kind in ("float16", "float64"):
        fractions = inferencer(cv2.imread(path).astype(kind), progress=False)[0]
        np.testing.assert_allclose(fractions.class_scores, expected, atol=1e-2)


def test_images_of_several_sizes_without_resizing(files, images) -> None:
    inferencer = MultiLabelInferencer(without_resize(files[0]), files[1], device="cpu", batch_size=8)
    arrays = [np.full((side, 20, 3), side, np.uint8) for side in (16, 24, 16, 32)]
    together = inferencer(arrays, progress=False)
    for array, prediction in zip(arrays, together):
        alone = inferencer(array, progress=False)[0]
        np.testing.assert_allclose(prediction.class_scores, alone.class_scores, atol=1e-6)


def test_model_of_get_model_has_the_same_scores(inferencer, files, images) -> None:
    model = get_model(str(files[0]), pretrained=str(files[1]), device="cpu")
    path = next(iter(images))
    ours, theirs = (each(path, progress=False)[0] for each in (MultiLabelInferencer(model), inferencer))
    assert ours.class_scores.tolist() == theirs.class_scores.tolist()


def test_nan_score_is_reported(files, images, tmp_path: Path) -> None:
    checkpoint = load_weights_only(files[1])
    checkpoint["state_dict"]["head.fc.bias"][1] = float("nan")
    torch.save(checkpoint, tmp_path / "nan.pth")
    prediction = MultiLabelInferencer(files[0], tmp_path / "nan.pth", device="cpu")(next(iter(images)))[0]
    assert prediction.fault == "the score of class 'square' is NaN"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(max_pixels=0), "'max_pixels' argument .* Got 0"),
        (dict(thresholds=7), "'thresholds' argument .* must be in \\[0, 1\\] if it is one number. Got 7"),
        (dict(thresholds=float("nan")), "'thresholds' argument .* Got nan"),
        (dict(thresholds=[0.5, 0.5, float("nan")]), "thresholds of .* must be numbers. Got NaN"),
        (dict(topk=0), "'topk' argument .* Got 0"),
        (dict(batch_size=0), "'batch_size' argument .* Got 0"),
        (dict(classes=["a", "b"]), "must name the 3 classes of the head. Got 2 names"),
        (dict(thresholds=[0.5, 0.5]), "one number for each of the 3 classes"),
        (dict(thresholds={"star": 0.5}), "must hold every class"),
    ],
)
def test_invalid_arguments_raise(files, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MultiLabelInferencer(*files, device="cpu", **arguments)
