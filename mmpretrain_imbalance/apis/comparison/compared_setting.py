"""Settings of a comparison: the labels of the training set as annotated, or a simulation that hides some."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...functional.simulation import PROTOCOLS, protocol_amount
from ...utils.shipped_files import shipped_folder
from .compared_method import NAME

AS_ANNOTATED = "as_annotated"


@dataclass(frozen=True)
class ComparedSetting:
    """Labels that the methods are trained with.

    Attributes:
        name: Name of the setting in folders and tables.
        simulation: Config of ``SimulatePartialLabels`` without its dataset; None for the labels as annotated.
    """

    name: str
    simulation: dict[str, Any] | None = None

    def dataset(self, dataset: dict[str, Any], seed: int) -> dict[str, Any]:
        """Return the config of a dataset in this setting.

        Args:
            dataset: Config of the training set.
            seed: Seed of the run, which is added to the seed of the simulation.

        Returns:
            The config, with the given one inside if labels are hidden.
        """
        if self.simulation is None:
            return dataset
        seed = self.simulation.get("seed", 0) + seed
        return dict(self.simulation, dataset=dataset, seed=seed, _scope_="mmpretrain")


def read_setting(setting: str | os.PathLike[str]) -> ComparedSetting:
    """Read a setting.

    Args:
        setting: ``'as_annotated'``, a protocol of :func:`simulate_partial_labels` with its number, such as
            ``'rps:0.5'``, ``'fpc:20'`` or ``'single_positive'``, the name of a file in
            ``configs/_base_/simulations``, or the path of a config file of the same form.

    Returns:
        The setting.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the setting or its number is invalid.

    Example:
        >>> read_setting("rps:0.5").simulation["probability"], read_setting("fpc:20").name
        (0.5, 'fpc_20')
    """
    text = os.fspath(setting)
    if text == AS_ANNOTATED:
        return ComparedSetting(AS_ANNOTATED)
    shipped = shipped_folder("configs") / "_base_" / "simulations" / f"{text}.py"
    if text.endswith(".py"):
        if not Path(text).is_file():
            raise FileNotFoundError(
                f"The file of a setting in the 'settings' argument must exist. Got {text!r} instead."
            )
        return _setting_of_file(Path(text))
    if NAME.fullmatch(text) and shipped.is_file():
        return _setting_of_file(shipped)
    protocol, _, number = text.partition(":")
    if protocol not in PROTOCOLS:
        raise ValueError(
            f"The 'settings' argument must have {AS_ANNOTATED!r}, a protocol of {', '.join(PROTOCOLS)} with "
            "its number as in rps:0.5, the name of a shipped simulation, or the path of a config file that "
            f"ends in .py. Got {text!r} instead."
        )
    simulation: dict[str, Any] = dict(type="SimulatePartialLabels", protocol=protocol)
    argument = PROTOCOLS[protocol]
    if number and argument is None:
        raise ValueError(
            f"The protocol {protocol!r} in the 'settings' argument must have no number. Got {text!r} instead."
        )
    if argument is not None:
        simulation[argument] = _number(number)
        amounts = {name: simulation.get(name) for name in ("probability", "num_labels", "known_label_ratio")}
        protocol_amount(protocol, **amounts, caller="the setting " + repr(text))
    return ComparedSetting(text.replace(":", "_"), simulation)


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def _setting_of_file(path: Path) -> ComparedSetting:
    simulation = Config.fromfile(path).to_dict().get("simulation")
    if not isinstance(simulation, dict) or "type" not in simulation:
        raise ValueError(
            f"{path}: expected the name 'simulation', the config of a dataset such as SimulatePartialLabels "
            "without its 'dataset', found none. See configs/_base_/simulations."
        )
    return ComparedSetting(path.stem, simulation)
