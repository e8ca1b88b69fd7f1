"""Check of a loss against the laws that all losses of this package obey."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..testing import laws_of_devices, laws_of_state, laws_of_use, laws_of_values
from ..utils.argument_checks import check_integer
from .loss_case import LossCase, LossLawError

#: Every law by name, in the order in which they run.
LOSS_LAWS: dict[str, Callable[[LossCase], None]] = {
    law.__name__: law
    for module in (laws_of_values, laws_of_use, laws_of_state, laws_of_devices)
    for law in module.LAWS
}


def check_loss(
    config: dict[str, Any],
    num_classes: int = 3,
    expected_failures: Mapping[str, str] | None = None,
    laws: Sequence[str] | None = None,
) -> None:
    """Check a loss against the laws, and raise an error with a remedy for every law that it breaks.

    The laws depend on the ``traits`` of the loss: a loss with ``unknown='learned'`` may have a gradient at
    unknown elements, and a loss with ``bounded=False`` may be infinite at an infinite logit.

    Args:
        config: Config of a registered loss, with the minimal arguments. A loss that stores values per image
            needs ``num_images`` of at least 16.
        num_classes: Number of classes C of logits and labels, at least 3.
        expected_failures: Names of the laws that this loss cannot obey, with the reason of each. It is an
            error if such a law holds, because the reason is then outdated.
        laws: Names of the laws to check; ``None`` checks all of ``LOSS_LAWS``.

    Raises:
        LossLawError: If the loss breaks a law, or obeys a law that is expected to fail.
        KeyError: If the name of a law does not exist.
        ValueError: If there are fewer than 3 classes.

    Example:
        >>> check_loss(dict(type='HillLoss'), laws=['finite_value_and_gradient', 'soft_labels'])
    """
    check_integer("check_loss", 3, num_classes=num_classes)
    expected_failures = dict(expected_failures or {})
    if unknown := (set(expected_failures) | set(laws or ())) - set(LOSS_LAWS):
        raise KeyError(
            f"The laws of check_loss must be among {', '.join(LOSS_LAWS)}. Got {sorted(unknown)[0]!r} "
            "instead."
        )
    case = LossCase(config, num_classes)
    broken = []
    for name in LOSS_LAWS if laws is None else laws:
        try:
            LOSS_LAWS[name](case)
        except LossLawError as error:
            if name not in expected_failures:
                broken.append(f"{name}: {error}")
        except Exception as error:
            # A loss that raises an unexpected error breaks the law, too.
            broken.append(f"{name}: {case.name} raises {type(error).__name__}: {error}")
        else:
            if name in expected_failures:
                broken.append(
                    f"{name}: {case.name} obeys this law, although 'expected_failures' gives the reason "
                    f"{expected_failures[name]!r}. Remove the law from 'expected_failures'."
                )
    if broken:
        raise LossLawError("\n".join(broken))
