"""Import of optional packages, with an error that names the extra that installs them."""

from __future__ import annotations

import importlib
from types import ModuleType


def import_reader(name: str, file: str) -> ModuleType:
    """Import an optional package that reads tables.

    Args:
        name: Name of the module.
        file: What it reads, for the message.

    Returns:
        The module.

    Raises:
        ImportError: If it is not installed. The message names the extra of this package that installs it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = "odfpy" if name == "odf" else name.partition(".")[0]
        raise ImportError(
            f"Package {package} must be installed to read {file}. Got no {package} instead. Install it with: "
            "pip install '.[tables]' in the clone of mmpretrain_imbalance"
        ) from error
