"""The laws that every loss obeys, for a loss of anybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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
    config: dict,
    num_classes: int = 3,
    expected_failures: Mapping[str, str] | None = None,
    laws: Sequence[str] | None = None,
) -> None:
    """Run the laws on a loss, and say of each that does not hold what to write in the class.

    The laws go by what the loss says of itself in its ``traits``: a loss with ``unknown='learned'`` may have
    a gradient at unknown elements, one with ``bounded=False`` may be infinite at an infinite logit.

    Args:
        config: Config of a registered loss with its smallest arguments. A table of images must have room for
            16 of them.
        num_classes: Number of classes C of the tables, at least 3.
        expected_failures: Laws that this loss cannot obey, with the reason. One that holds after all is an
            error too: the reason is out of date.
        laws: Names of the laws to run; ``None`` for all of ``LOSS_LAWS``.

    Raises:
        LossLawError: If a law does not hold that should, or holds that should not.
        KeyError: If there is no law of a name.
        ValueError: If there are fewer than 3 classes.

    Example:
        >>> check_loss(dict(type='HillLoss'), laws=['finite_value_and_gradient', 'soft_labels'])
    """
    check_integer("check_loss", 3, num_classes=num_classes)
    expected_failures = dict(expected_failures or {})
    if unknown := (set(expected_failures) | set(laws or ())) - set(LOSS_LAWS):
        raise KeyError(f"There is no law {sorted(unknown)[0]!r}; the laws are {', '.join(LOSS_LAWS)}.")
    case = LossCase(config, num_classes)
    broken = []
    for name in LOSS_LAWS if laws is None else laws:
        try:
            LOSS_LAWS[name](case)
        except LossLawError as error:
            if name not in expected_failures:
                broken.append(f"{name}: {error}")
        except Exception as error:
            # A loss that raises where it should compute breaks the law as well.
            broken.append(f"{name}: {case.name} raises {type(error).__name__}: {error}")
        else:
            if name in expected_failures:
                broken.append(
                    f"{name}: {case.name} obeys this law, though it is expected not to: "
                    f"{expected_failures[name]}. Take the reason out of 'expected_failures'."
                )
    if broken:
        raise LossLawError("\n".join(broken))
