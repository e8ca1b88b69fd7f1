"""Registration of the configs of this package in MMPretrain's ``ModelHub``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from mmpretrain.apis import ModelHub

_PACKAGE = Path(__file__).resolve().parents[1]


def find_model_index(package: Path) -> Path | None:
    """Return the path of ``model-index.yml``, whose folder also has the configs.

    Args:
        package: Folder of the package, in an installation or in a clone.

    Returns:
        The index that the wheel contains; else the index of the clone; None if there is neither.

    Example:
        >>> find_model_index(Path("nowhere", "mmpretrain_imbalance")) is None
        True
    """
    candidates = (package / ".mim" / "model-index.yml", package.parent / "model-index.yml")
    return next((path for path in candidates if path.is_file()), None)


@cache
def register_models() -> None:
    """Register our configs, so that ``list_models`` and ``get_model`` of MMPretrain find them.

    Only the index and the metafiles are read. MMPretrain reads a config when ``get_model`` needs it. A copy
    of the package without the configs registers nothing.
    """
    index = find_model_index(_PACKAGE)
    if index is not None:
        ModelHub.register_model_index(index, config_prefix=index.parent)
