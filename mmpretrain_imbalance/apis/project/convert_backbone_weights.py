"""Conversion of the weights of a backbone to a checkpoint that a config can load."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ...utils.checkpoint_files import write_checkpoint
from .backbone_choice import BackboneChoice, choose_backbone
from .backbone_weights import read_weights

_NAME = "convert_backbone_weights"


@dataclass(frozen=True)
class ConvertedWeights:
    """Result of :func:`convert_backbone_weights`.

    Attributes:
        backbone: The backbone that the weights fit.
        num_tensors: Number of tensors in the new checkpoint.
    """

    backbone: BackboneChoice
    num_tensors: int


def convert_backbone_weights(
    weights: str | os.PathLike[str], model: str, out: str | os.PathLike[str]
) -> ConvertedWeights:
    """Write the weights of a backbone as a checkpoint of MMPretrain, with the prefix ``backbone``.

    A config loads the checkpoint with ``init_cfg=dict(type='Pretrained', checkpoint=OUT, prefix='backbone')``
    in its backbone, or with ``load_from``. The file is complete or does not exist, and nothing is
    overwritten.

    Args:
        weights: A checkpoint of any package, or an archive with one: see ``read_weights``.
        model: Name of the backbone: a network of ``mmpretrain.list_models``, the first part of its name, or
            ``timm/NAME``.
        out: Path of the new checkpoint.

    Returns:
        The backbone and the number of tensors.

    Raises:
        FileExistsError: If ``out`` exists.
        FileNotFoundError: If the file of weights does not exist.
        ModuleNotFoundError: If the backbone needs timm, which is not installed.
        ValueError: If there is no such backbone, the file cannot be read, or a weight of the backbone is
            missing or has another shape.
    """
    path = Path(out)
    if path.exists():
        raise FileExistsError(
            f"The 'out' argument of {_NAME} must be a path that does not exist. Got {os.fspath(out)!r} "
            "instead. Remove the file, or choose another path."
        )
    choice = choose_backbone(model, caller=_NAME)
    found = read_weights(weights, choice, caller=_NAME)
    content = dict(
        meta=dict(model=choice.name, source=Path(weights).name),
        state_dict={f"backbone.{name}": value for name, value in found.items()},
    )
    write_checkpoint(path, content)
    return ConvertedWeights(choice, len(found))
