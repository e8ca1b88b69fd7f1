"""Base configs of the data sets of an experiment."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from ...utils.files import atomic_write
from ...utils.shipped_files import shipped_folder
from ..comparison.compare_methods import base_name
from ..config_text import config_text
from .experiment import Experiment


def find_base_configs(
    experiment: Experiment,
    folder: str | os.PathLike[str],
    given: Sequence[str | os.PathLike[str]] | None = None,
) -> dict[str, Path]:
    """Find the base configs of the data sets of an experiment.

    Args:
        experiment: The experiment.
        folder: Folder for the base configs that the experiment makes of a shipped protocol.
        given: Names of data sets with such a base config, or paths of base configs. None takes, of each data
            set, the base config of the experiment, the shipped protocol of its name, or
            ``features/DATA/config.py``, the first one that exists.

    Returns:
        The path by the name of the data set, in the order of the experiment.

    Raises:
        FileNotFoundError: If no base config is given, and none exists.
        ValueError: If a base config has the name of no data set of the experiment.
    """
    made = {
        name: Path(folder) / f"{name}.py"
        for name in experiment.base_configs
        if given is None or name in given
    }
    for name, path in made.items():
        _write(experiment, name, path)
    if given:
        named = {**made, **{base_name(path): Path(path) for path in given if path not in made}}
        unknown = [name for name in named if name not in experiment.data]
        if unknown:
            raise ValueError(
                "The base configs must have the names of data sets of the experiment, "
                f"{', '.join(experiment.data)}. Got {str(named[unknown[0]])!r} instead, whose name is "
                f"{unknown[0]!r}. The name is that of the file, or that of the folder of a config.py."
            )
        return {name: named[name] for name in experiment.data if name in named}
    found = {}
    for name in experiment.data:
        places = made.get(name), _protocol(name), Path("features") / name / "config.py"
        existing = [path for path in places if path is not None and path.is_file()]
        if existing:
            found[name] = existing[0]
    if not found:
        raise FileNotFoundError(
            f"The experiment {experiment.name!r} must have the base config of a data set, such as "
            f"features/{next(iter(experiment.data))}/config.py in this folder. Got none instead. "
            "docs/recommend_method.md has the commands that make them; --base-configs names other places."
        )
    return found


def _protocol(name: str) -> Path:
    return shipped_folder("configs") / "_base_" / "protocols" / f"{name}.py"


def _write(experiment: Experiment, name: str, path: Path) -> None:
    """Write a base config that differs in some values from a shipped protocol."""
    made = experiment.base_configs[name]
    protocol = _protocol(made["config"])
    if not protocol.is_file():
        names = ", ".join(sorted(file.stem for file in protocol.parent.glob("*.py")))
        raise ValueError(
            f"The 'base_configs' of the experiment {experiment.name!r} must have the names of protocols, "
            f"{names}. Got {made['config']!r} for {name!r} instead."
        )
    cfg = Config.fromfile(protocol)
    try:
        cfg.merge_from_dict(dict(made["values"]), allow_list_keys=True)
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"The 'base_configs' of the experiment {experiment.name!r} must have dotted keys of the protocol "
            f"{made['config']!r}. Got keys of {name!r} that it does not have instead: {error}."
        ) from error
    with atomic_write(path) as file:
        file.write(config_text(cfg))
