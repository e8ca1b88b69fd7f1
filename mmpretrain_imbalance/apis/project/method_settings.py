"""Insertion of a method into the config of a project, with the numbers that depend on the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mmengine.config import Config

from ...functional.method_advice import LabelFigures
from ...utils.shipped_files import shipped_folder
from ..loss_arguments import own_arguments_from_data
from .config_literal import Code

#: Names in a method file that a config inserts. The other names are declarations for other tools.
PARTS = frozenset({"loss", "head", "sampler", "hooks", "paramwise_cfg"})

# Code of the numbers that a config has at its top, so that a user changes them in one place.
_NUMBERS = {
    "num_images": Code("num_images"),
    "num_classes": Code("num_classes"),
    "warmup_epochs": Code("max_epochs // 2"),
}


@dataclass(frozen=True)
class MethodSettings:
    """Parts of a method that a config inserts.

    Attributes:
        name: Name of the method.
        parts: Names of ``PARTS`` that the method defines: ``loss`` and perhaps others.
        loss: Code of the loss.
        pools: Whether the features may be pooled before the head.
    """

    name: str
    parts: frozenset[str]
    loss: Code
    pools: bool


def method_settings(name: str, figures: LabelFigures, changes: dict[str, Any]) -> MethodSettings:
    """Read a method, and find the arguments of its loss that depend on the training set.

    Args:
        name: Name of the method.
        figures: Figures of the training set.
        changes: Further arguments of the loss.

    Returns:
        The parts of the method.

    Raises:
        ValueError: If the loss needs a file that only another run can write.
    """
    method = Config.fromfile(shipped_folder("configs") / "_base_" / "methods" / f"{name}.py")
    head = method.get("head", {})
    return MethodSettings(
        name=name,
        parts=PARTS & frozenset(method.keys()),
        loss=_loss_code(method.loss, "_base_.loss", name, figures, changes),
        pools=head.get("boost_lu", 1) == 1 and not head.get("activation_maps", False),
    )


def _loss_code(
    loss: dict[str, Any], variable: str, method: str, figures: LabelFigures, changes: dict[str, Any]
) -> Code:
    arguments = own_arguments_from_data(loss, figures, _NUMBERS, method=method, caller="new_project")
    arguments.update(changes)
    if isinstance(loss.get("loss"), dict):
        held = _loss_code(loss["loss"], f"{variable}.loss", method, figures, {})
        if held != f"{variable}.loss":
            arguments["loss"] = held
    if not arguments:
        return Code(variable)
    text = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    return Code(f"dict({variable}, {text})")
