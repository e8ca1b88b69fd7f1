"""Small model with random weights, its config and checkpoint, and valid and invalid images."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
from PIL import Image

import mmpretrain_imbalance  # noqa: F401
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only

CLASSES = ["circle", "square", "star"]
SIZE = 24


def write_model(folder: Path, channels: int = 3, **meta) -> tuple[Path, Path]:
    """Write a config and a checkpoint with random weights, so that the scores of the classes differ."""
    pipeline = [
        dict(type="LoadImageFromFile", color_type="color" if channels == 3 else "grayscale"),
        dict(type="Resize", scale=(SIZE, SIZE)),
        dict(type="PackInputs"),
    ]
    cfg = Config(
        dict(
            custom_imports=dict(imports=["mmpretrain_imbalance"], allow_failed_imports=False),
            model=dict(
                type="ImageClassifier",
                backbone=dict(type="SmallConvNet", in_channels=channels, channels=(4, 8)),
                head=dict(
                    type="MultiLabelLinearClsHead",
                    num_classes=len(CLASSES),
                    in_channels=8,
                    loss=dict(type="PartialAsymmetricLoss", unknown="ignore"),
                ),
            ),
            data_preprocessor=dict(
                type="PartialLabelDataPreprocessor",
                num_classes=len(CLASSES),
                mean=[100.0, 110.0, 120.0][:channels],
                std=[60.0, 50.0, 40.0][:channels],
                to_rgb=channels == 3,
            ),
            test_dataloader=dict(dataset=dict(type="PartialLabelDataset", pipeline=pipeline)),
        )
    )
    model = build(cfg)
    generator = torch.Generator().manual_seed(0)
    for weight in model.parameters():
        weight.data.copy_(torch.randn(weight.shape, generator=generator) / max(1, weight[0].numel()) ** 0.5)
    cfg.dump(folder / "config.py")
    torch.save(
        dict(state_dict=model.state_dict(), meta=dict(dataset_meta=dict(classes=CLASSES), **meta)),
        folder / "model.pth",
    )
    return folder / "config.py", folder / "model.pth"


def build(cfg: Config) -> torch.nn.Module:
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        return MODELS.build(dict(cfg.model, data_preprocessor=cfg.data_preprocessor))


def with_head(path: Path, **head) -> Config:
    """Return the config with a head of this package instead of the MMPretrain head."""
    cfg = Config.fromfile(path)
    cfg.model.head.update(type="PartialLabelLinearClsHead", **head)
    return cfg


def expected_scores(cfg_path: Path, checkpoint: Path, image: np.ndarray) -> np.ndarray:
    """Compute the scores of a BGR image step by step: resize, RGB, normalize, network, sigmoid."""
    cfg = Config.fromfile(cfg_path)
    model = build(cfg)
    model.load_state_dict(load_weights_only(checkpoint)["state_dict"])
    image = cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    image = image[..., None] if image.ndim == 2 else image[..., ::-1]
    image = (image.astype(np.float32) - cfg.data_preprocessor.mean) / cfg.data_preprocessor.std
    with torch.no_grad():
        logits = model.eval()(torch.from_numpy(image).float().permute(2, 0, 1)[None], mode="tensor")
    return torch.sigmoid(logits)[0].numpy()


def write_images(folder: Path) -> dict[str, str | None]:
    """Write valid and invalid images, and return a part of the expected fault of each, or None."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(0)
    color = generator.integers(0, 256, (40, 30, 3), dtype=np.uint8)
    Image.fromarray(color).save(folder / "color.png")
    Image.fromarray(color).save(folder / "color.jpg")
    Image.fromarray(color[..., 0]).save(folder / "gray.jpg")
    Image.fromarray(np.full((32, 32, 4), (0, 255, 255, 0), np.uint8), "CMYK").save(folder / "cmyk.jpg")
    Image.fromarray(np.dstack([color, color[..., 0]])).save(folder / "alpha.png")
    Image.fromarray(np.zeros((9000, 9000), np.uint8)).save(folder / "huge.png", compress_level=1)
    jpeg, png = (folder / "color.jpg").read_bytes(), (folder / "color.png").read_bytes()
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "corrupt.jpg").write_bytes(b"this is no image")
    (folder / "cut.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (folder / "cut.png").write_bytes(png[: len(png) // 2])
    valid = dict.fromkeys(["alpha.png", "cmyk.jpg", "color.jpg", "color.png", "gray.jpg", "huge.png"])
    invalid = {
        "empty.jpg": "an empty file",
        "corrupt.jpg": "broken",
        "cut.jpg": "broken",
        "cut.png": "broken",
    }
    return {str(folder / name): fault for name, fault in (valid | invalid).items()}
