"""Import of MMPretrain without its messages about optional packages that no command needs."""

from __future__ import annotations

import io
import warnings
from contextlib import redirect_stdout

_NO_ONEDL = "Could not import OneDL\n"


def import_mmpretrain() -> None:
    """Import MMPretrain. This takes several seconds, so every command parses its options before.

    With mmcv-lite, MMCV warns that it has no compiled operators. The OneDL fork of MMPretrain prints that the
    OneDL service is not installed. Both messages are hidden; all others are shown.
    """
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()) as printed:
        warnings.filterwarnings("ignore", "Fail to import", UserWarning, r"mmcv\.cnn\.bricks\.transformer")
        import mmpretrain.datasets
        import mmpretrain.models  # noqa: F401
    print(printed.getvalue().replace(_NO_ONEDL, ""), end="")
