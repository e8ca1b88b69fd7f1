"""Insertion of a method into the config of a project, with the numbers that depend on the data."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from mmengine.config import Config
from mmpretrain.registry import MODELS

from ...functional.method_advice import LabelFigures
from ...utils.shipped_files import shipped_folder
from .config_literal import Code

# Losses whose number of warm-up epochs is that of a published schedule, as a fraction of it.
_WARM_UP = {"AsymmetricPseudoLabelLoss": Code("max_epochs // 2")}


@dataclass(frozen=True)
class MethodSettings:
    """Parts of a method that a config inserts.

    Attributes:
        name: Name of the method.
        parts: Names that the method defines: ``loss`` and perhaps ``head``, ``sampler``, ``hooks``,
            ``paramwise_cfg``.
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
        parts=frozenset(method.keys()),
        loss=_loss_code(method.loss, "_base_.loss", name, figures, changes),
        pools=head.get("boost_lu", 1) == 1 and not head.get("activation_maps", False),
    )


def _loss_code(
    loss: dict[str, Any], variable: str, method: str, figures: LabelFigures, changes: dict[str, Any]
) -> Code:
    arguments = dict(_arguments_from_data(loss, method, figures), **changes)
    if isinstance(loss.get("loss"), dict):
        held = _loss_code(loss["loss"], f"{variable}.loss", method, figures, {})
        if held != f"{variable}.loss":
            arguments["loss"] = held
    if not arguments:
        return Code(variable)
    text = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    return Code(f"dict({variable}, {text})")


def _arguments_from_data(loss: dict[str, Any], method: str, figures: LabelFigures) -> dict[str, Any]:
    known_per_image = figures.positives_per_image
    available: dict[str, Any] = {
        "num_images": Code("num_images"),
        "num_classes": Code("num_classes"),
        "expected_positives": round(max(known_per_image + figures.missing_positives, 0.01), 2),
    }
    arguments: dict[str, Any] = {}
    for name, parameter in _parameters(MODELS.get(loss["type"])).items():
        if parameter.default is inspect.Parameter.empty and name not in loss and name != "loss":
            if name not in available:
                raise ValueError(
                    f"The 'method' argument of new_project must be a method that needs no other run first. "
                    f"Got {method!r} instead, whose loss needs {name!r}. Write its config by hand, see "
                    "configs/README.md."
                )
            arguments[name] = available[name]
    if "likelihood_topk" in loss:
        topk = 1 if figures.fixed_number else max(round(figures.missing_positives, 2), 0.01)
        arguments["likelihood_topk"] = topk
    if loss["type"] in _WARM_UP:
        arguments["warmup_epochs"] = _WARM_UP[loss["type"]]
    return arguments


def _parameters(cls: type | None) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(cls).parameters if cls is not None else {}
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {
        name: parameter
        for name, parameter in parameters.items()
        if name != "self" and parameter.kind in kinds
    }
