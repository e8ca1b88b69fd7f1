"""Configs and tools that belong to the package, in a clone and in an installed package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped_folder(name: str) -> Path:
    """Return the folder of the configs or of the tools of this package.

    Args:
        name: ``'configs'`` or ``'tools'``.

    Returns:
        The folder in the clone, or the copy in the installed package.

    Raises:
        FileNotFoundError: If neither of them exists.

    Example:
        >>> (shipped_folder("tools") / "train.py").is_file()
        True
    """
    for folder in (_PACKAGE / ".mim" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        f"The {name} of mmpretrain_imbalance must be in {_PACKAGE / '.mim' / name}. Got no such folder "
        "instead. Install the package again."
    )
