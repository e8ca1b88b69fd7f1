"""Text of the config of a project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .backbone_choice import BackboneChoice
from .base_configs import base_paths
from .config_literal import Code, config_literal
from .method_settings import MethodSettings

#: File with the weights of the backbone, in the project.
WEIGHTS_FILE = "backbone.pth"


@dataclass(frozen=True)
class TrainingSettings:
    """Settings at the top of a config, which users change most often.

    Attributes:
        image_size: Height and width of the images in pixels.
        batch_size: Images per step and GPU.
        max_epochs: Number of epochs.
        learning_rate: Learning rate of the backbone in the first epoch.
        num_workers: Processes that read images, per GPU.
    """

    image_size: int
    batch_size: int
    max_epochs: int
    learning_rate: float
    num_workers: int


def project_config(
    table: str,
    image_folder: str,
    annotation_files: dict[str, str],
    num_classes: int,
    num_images: int,
    backbone: BackboneChoice,
    has_weights: bool,
    method: MethodSettings,
    settings: TrainingSettings,
) -> str:
    """Write the config of a project.

    Args:
        table: Name of the table, for the first line.
        image_folder: Folder of the images.
        annotation_files: Annotation file of each part: 'train', 'val' and perhaps 'test'.
        num_classes: Number of classes.
        num_images: Number of training images.
        backbone: The backbone.
        has_weights: Whether the project has a file with weights of the backbone.
        method: The method.
        settings: The settings at the top.

    Returns:
        The code.
    """
    bases = "".join(f"    {path!r},\n" for path in base_paths(method.name))
    sampler = ", sampler=dict(_base_.sampler, _delete_=True)" if "sampler" in method.parts else ""
    lines = [
        f"# Training on the labels of {_one_line(table)}. README.md has the commands that come next.",
        f"_base_ = [\n{bases}]\n",
        "# Frequently modified settings",
        f"image_size = {settings.image_size}  # pixels",
        f"batch_size = {settings.batch_size}  # per GPU",
        f"max_epochs = {settings.max_epochs}",
        f"learning_rate = {settings.learning_rate:g}  # of the backbone, for batch_size images per step",
        f"num_workers = {settings.num_workers}  # processes that read images, per GPU",
        f"image_folder = {image_folder!r}",
        'project = "{{ fileDirname }}"  # the folder of this file\n',
        f"num_classes = {num_classes}",
        *([f"num_images = {num_images}  # of the training set"] if "num_images" in method.loss else []),
        f"model = {config_literal(_model(backbone, has_weights, method))}\n",
        "train_pipeline, test_pipeline = _base_.train_pipeline, _base_.test_pipeline",
        "train_pipeline[1].scale, test_pipeline[1].scale = image_size, (image_size, image_size)",
        "loader = dict(batch_size=batch_size, num_workers=num_workers)",
        "files = dict(data_root=project, data_prefix=image_folder)",
        _dataloader("train", annotation_files["train"], "train", sampler),
        _dataloader("val", annotation_files["val"], "test"),
        _dataloader("test", annotation_files.get("test", annotation_files["val"]), "test") + "\n",
        "optim_wrapper = dict(optimizer=dict(lr=learning_rate)" + _paramwise(method) + ")",
        "param_scheduler = dict(T_max=max_epochs)",
        "train_cfg = dict(max_epochs=max_epochs)",
        "auto_scale_lr = dict(base_batch_size=batch_size)",
        "work_dir = f'{project}/work_dirs'",
    ]
    if "hooks" in method.parts:
        lines.append("custom_hooks = [*_base_.custom_hooks, *_base_.hooks]")
    return "\n".join(lines) + "\n"


def _model(backbone: BackboneChoice, has_weights: bool, method: MethodSettings) -> dict[str, Any]:
    network = dict(backbone.backbone)
    if has_weights:
        checkpoint = Code(f"f'{{project}}/{WEIGHTS_FILE}'")
        network["init_cfg"] = dict(type="Pretrained", checkpoint=checkpoint)
    model: dict[str, Any] = dict(
        data_preprocessor=dict(mean=backbone.mean, std=backbone.std, to_rgb=backbone.to_rgb), backbone=network
    )
    if backbone.neck is None or not method.pools:
        model["neck"] = None
    elif backbone.neck != dict(type="GlobalAveragePooling"):
        model["neck"] = dict(backbone.neck, _delete_=True)
    head = dict(num_classes=Code("num_classes"), in_channels=backbone.in_channels, loss=method.loss)
    model["head"] = head
    if "head" in method.parts:
        text = ", ".join(f"{name}={value!r}" for name, value in head.items())
        model["head"] = Code(f"dict(_base_.head, {text})")
    return model


def _dataloader(name: str, file: str, pipeline: str, further: str = "") -> str:
    dataset = f"dict(ann_file={file!r}, pipeline={pipeline}_pipeline, **files)"
    return f"{name}_dataloader = dict(**loader, dataset={dataset}{further})"


def _paramwise(method: MethodSettings) -> str:
    return ", paramwise_cfg=_base_.paramwise_cfg" if "paramwise_cfg" in method.parts else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())
