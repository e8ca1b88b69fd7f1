"""Methods that share the training of another method, because they change a trained model only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...utils.argument_checks import type_name
from .compared_method import ComparedMethod

#: Hooks that act after the last epoch, also on a resumed run that has finished its last epoch.
_AFTER_TRAINING = ("RefitHeadHook",)


def shared_trainings(methods: Mapping[str, ComparedMethod]) -> dict[str, str]:
    """Find the methods that differ from another one only in hooks that act after the last epoch.

    Args:
        methods: Methods by name.

    Returns:
        By the name of such a method, the name of the other one, whose runs it can continue.

    Example:
        >>> from mmpretrain_imbalance.apis.comparison.compared_method import read_method
        >>> names = "binary_cross_entropy", "refit_binary_cross_entropy"
        >>> shared_trainings({name: read_method(name) for name in names})
        {'refit_binary_cross_entropy': 'binary_cross_entropy'}
    """
    shared = {}
    for name, method in methods.items():
        training = _without_later_hooks(method)
        same = [other for other in methods if replace(methods[other], name=name) == training]
        if training != method and same:
            shared[name] = same[0]
    return shared


def _without_later_hooks(method: ComparedMethod) -> ComparedMethod:
    hooks = [hook for hook in method.parts.get("hooks", ()) if type_name(hook["type"]) not in _AFTER_TRAINING]
    parts = {key: value for key, value in method.parts.items() if key != "hooks"}
    return replace(method, parts={**parts, "hooks": hooks} if hooks else parts)
