"""The files of LabelStatisticsHook: by class name, whole or not at all, tried again where a disk was full."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.dist import is_main_process
from mmengine.logging import MMLogger

from ...utils.class_values import write_named_values
from ...utils.files import atomic_write


class StatisticsFiles:
    """Writes records on the main process, and remembers those that could not be written.

    A file that fails is reported once and tried again with every later one; it does not keep the others from
    being written.

    Example:
        >>> import tempfile
        >>> files = StatisticsFiles()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "counts.json"
        ...     files.write(MMLogger.get_current_instance(), ["cat"], path, {"positives": np.array([3])})
        ...     json.loads(path.read_text())
        {'classes': ['cat'], 'positives': [3]}
    """

    def __init__(self) -> None:
        self._unwritten: dict[Path, dict] = {}
        self._reported: set[Path] = set()

    def write(self, logger: MMLogger, class_names: Sequence[str], path: Path, content: dict) -> None:
        """Write a record, with everything that could not be written earlier.

        Args:
            logger: Where a failure is reported.
            class_names: Names of the classes.
            path: File in the folder ``label_statistics``, for values of losses; or any other.
            content: Arrays of shape (C,) by name; in ``label_statistics`` by loss and name.
        """
        if is_main_process():
            self._unwritten[path] = content
            self.retry(logger, class_names)

    def retry(self, logger: MMLogger, class_names: Sequence[str]) -> None:
        """Try all that is not written yet."""
        for path, content in list(self._unwritten.items()):
            try:
                self._write(class_names, path, content)
            except OSError as error:
                if path not in self._reported:
                    logger.error(
                        f"Label statistics could not be written to {path}: {error.strerror or error}. "
                        "Training goes on and the file is tried again after the next update and at the end; "
                        "the state itself is in the checkpoints. Free some space."
                    )
                self._reported.add(path)
            else:
                del self._unwritten[path]

    @staticmethod
    def _write(class_names: Sequence[str], path: Path, content: dict) -> None:
        if path.parent.name != "label_statistics":
            columns = {key: values.tolist() for key, values in content.items()}
            write_named_values(path, class_names, columns)
            return
        losses = {
            loss: {key: rounded(values) for key, values in state.items()} for loss, state in content.items()
        }
        with atomic_write(path) as file:
            json.dump({"classes": list(class_names), "losses": losses}, file, allow_nan=False)


def rounded(values: np.ndarray) -> list[float | None]:
    """Seven digits; as doubles, because the shortest text of a single has sixteen. JSON has no NaN: null.

    Example:
        >>> rounded(np.array([0.1, np.inf], dtype=np.float32))
        [0.1, None]
    """
    values = np.round(values.astype(np.float64), 7)
    return [value if finite else None for value, finite in zip(values.tolist(), np.isfinite(values))]
