"""Search for losses and batch augmentations that would use the -1 of an unknown label as a number."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Iterable, Iterator
from typing import Any

from mmpretrain.models.losses import AsymmetricLoss, CrossEntropyLoss, FocalLoss
from torch import nn
from torch.nn.modules.loss import _Loss

_ALLOW = (
    "If the model handles -1 itself, set unknown_labels='allow' of PartialLabelDataPreprocessor in "
    "data_preprocessor."
)
_DELETE = "(with _delete_=True in a config that inherits another loss)"
_OURS = f"dict(type='PartialAsymmetricLoss', unknown='ignore') {_DELETE}"


def unsupported_loss(model: nn.Module, reason: str, has_statistics_hook: bool = False) -> str | None:
    """Return the error message for a model with a loss that does not support unknown labels, else ``None``.

    Losses of this package support them, recognized by their ``traits``. Losses inside of them get no unknown
    label. A model without any such loss does not support unknown labels.

    Args:
        model: The model, without distributed wrappers.
        reason: Why the loss must support unknown labels, for the message.
        has_statistics_hook: Whether the run has a ``LabelStatisticsHook``, which some of the losses need.

    Example:
        >>> from mmpretrain.models.heads import MultiLabelClsHead
        >>> loss = dict(type='CrossEntropyLoss', use_sigmoid=True)
        >>> unsupported_loss(nn.Sequential(MultiLabelClsHead(loss=loss)), 'a batch has some')
        "The 'loss' argument of MultiLabelClsHead must be a loss that supports unknown labels (-1), ..."
    """
    is_supported = False
    for path, loss in _losses(model):
        if hasattr(loss, "traits"):
            is_supported = True
            continue
        owner_path, _, attribute = path.rpartition(".")
        name = "loss" if attribute == "loss_module" else attribute
        owner = type(model.get_submodule(owner_path)).__name__
        setting = ".".join(part for part in ("model", owner_path, name) if part)
        return (
            f"The '{name}' argument of {owner} must be a loss that supports unknown labels (-1), because "
            f"{reason}. Got {type(loss).__name__} instead, which computes with the number -1. Set {setting}="
            f"{_replacement(loss, has_statistics_hook)}. {_ALLOW}"
        )
    if is_supported:
        return None
    return (
        f"The model must have a loss that supports unknown labels (-1), because {reason}. Got "
        f"{type(model).__name__} without a loss of mmpretrain_imbalance instead. Set loss={_OURS} in its "
        f"head. {_ALLOW}"
    )


def unsupported_augmentation(augments: Iterable[Any], reason: str) -> str | None:
    """Return the error message for batch augmentations that would mix unknown labels, else ``None``.

    An augmentation that handles unknown labels has the attribute ``keeps_unknown = True``.

    Args:
        augments: The batch augmentations.
        reason: Why they must support unknown labels, for the message.

    Example:
        >>> from mmpretrain.models.utils.batch_augments import Mixup
        >>> print(unsupported_augmentation([Mixup(alpha=0.2)], 'a batch has some'))
        The 'batch_augments' argument ... Use dict(type='PartialLabelMixup', alpha=0.2) instead of Mixup.
    """
    unsafe = [a for a in augments if a is not None and not getattr(a, "keeps_unknown", False)]
    if not unsafe:
        return None
    names = [type(augment).__name__ for augment in unsafe]
    remedies = [
        f"Use {_config(augment, 'PartialLabel' + name)} instead of {name}."
        if name in ("CutMix", "Mixup")
        else f"Remove {name}."
        for augment, name in zip(unsafe, names)
    ]
    return (
        "The 'batch_augments' argument of the data preprocessor must be PartialLabelMixup, "
        f"PartialLabelCutMix or an augmentation with keeps_unknown = True, because {reason}. Got "
        f"{', '.join(names)} instead, which would average the -1 of an unknown label with other labels. "
        + " ".join(remedies)
    )


def modules_around(module: nn.Module) -> list[nn.Module]:
    """Return the modules of this process that have a module as their child.

    PyTorch does not store the parent of a module, so this searches all objects in memory. It takes up to
    a second: call it once per run.

    Example:
        >>> inner = nn.Identity()
        >>> outer = nn.Sequential(inner)
        >>> [found is outer for found in modules_around(inner)]
        [True]
    """
    # The type of an object is read without its attribute __class__, which proxy objects may compute.
    modules = [candidate for candidate in gc.get_objects() if issubclass(type(candidate), nn.Module)]
    return [
        candidate
        for candidate in modules
        if any(child is module for child in vars(candidate).get("_modules", {}).values())
    ]


def _losses(module: nn.Module, path: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield path and module of every loss that is not inside of another loss."""
    for name, child in module.named_children():
        child_path = f"{path}.{name}" if path else name
        if (
            hasattr(child, "traits")
            or name == "loss_module"
            or isinstance(child, _Loss)
            or type(child).__name__.endswith("Loss")
        ):
            yield child_path, child
        else:
            yield from _losses(child, child_path)


def _replacement(loss: nn.Module, has_statistics_hook: bool) -> str:
    """Return the config of a loss that replaces or wraps a loss, and what else it needs."""
    if not isinstance(loss, (AsymmetricLoss, CrossEntropyLoss, FocalLoss)):
        return _OURS
    is_plain = isinstance(loss, CrossEntropyLoss) and set(_changed_arguments(loss)) == {"use_sigmoid"}
    if is_plain or not getattr(loss, "use_sigmoid", True):
        return _OURS
    hook = "" if has_statistics_hook else ", and custom_hooks=[dict(type='LabelStatisticsHook')]"
    inner = _config(loss, type(loss).__name__)
    return f"dict(type='ClassPriorTrackingLoss', loss={inner}) {_DELETE}{hook}"


def _config(built: object, type_name: str) -> str:
    """Return the config of a type with the arguments of a built object, as Python code."""
    arguments = {"type": type_name, **_changed_arguments(built)}
    return f"dict({', '.join(f'{name}={value!r}' for name, value in arguments.items())})"


def _changed_arguments(built: object) -> dict[str, Any]:
    """Return the arguments of an object that are attributes and differ from their defaults."""
    return {
        name: vars(built)[name]
        for name, parameter in inspect.signature(type(built).__init__).parameters.items()
        if name in vars(built) and vars(built)[name] != parameter.default
    }
