"""The import of MMPretrain, without what it prints about optional parts that no command uses."""

from __future__ import annotations

import io
import warnings
from contextlib import redirect_stdout

_NO_ONEDL = "Could not import OneDL\n"


def import_mmpretrain() -> None:
    """Import MMPretrain. It takes seconds, so that a command reads its options first.

    With mmcv-lite, MMCV warns that it has no compiled operators; one of MMPretrain's forks prints that a
    service of its makers is not installed. Every other warning and line is shown.
    """
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()) as printed:
        warnings.filterwarnings("ignore", "Fail to import", UserWarning, r"mmcv\.cnn\.bricks\.transformer")
        import mmpretrain.datasets
        import mmpretrain.models  # noqa: F401
    print(printed.getvalue().replace(_NO_ONEDL, ""), end="")
