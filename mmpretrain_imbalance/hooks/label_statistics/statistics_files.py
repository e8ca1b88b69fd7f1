"""Files of ``LabelStatisticsHook``: values by class name, written atomically, with retries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import is_main_process
from mmengine.logging import MMLogger

from ...utils.class_values import write_named_values
from ...utils.files import atomic_write


class StatisticsFiles:
    """Writer of records on the main process, which keeps records that could not be written.

    A failure is reported once per file. The file is tried again whenever another record is written, and a
    failure does not prevent other files from being written.

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
        self._unwritten: dict[Path, dict[str, Any]] = {}
        self._reported: set[Path] = set()

    def write(
        self, logger: MMLogger, class_names: Sequence[str], path: Path, content: dict[str, Any]
    ) -> None:
        """Write a record, and try all earlier records again that could not be written.

        Args:
            logger: Logger for failures.
            class_names: Names of the classes.
            path: The file. Files in the folder ``label_statistics`` contain values of losses.
            content: Arrays of shape (C,) by name; in ``label_statistics`` by loss and name.
        """
        if is_main_process():
            self._unwritten[path] = content
            self.retry(logger, class_names)

    def retry(self, logger: MMLogger, class_names: Sequence[str]) -> None:
        """Try to write all records that are not written yet."""
        for path, content in list(self._unwritten.items()):
            try:
                self._write(class_names, path, content)
            except OSError as error:
                if path not in self._reported:
                    logger.error(
                        f"Label statistics could not be written to {path}: {error.strerror or error}. "
                        "Training continues. The file is tried again after the next update and at the end of "
                        "the training; the checkpoints contain the state of the losses in any case. Free "
                        "some disk space."
                    )
                self._reported.add(path)
            else:
                del self._unwritten[path]

    @staticmethod
    def _write(class_names: Sequence[str], path: Path, content: dict[str, Any]) -> None:
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
    """Round values to seven decimals for JSON; NaN and infinity, which JSON does not have, become None.

    The result is in double precision, because the text of a float32 in JSON has up to 16 digits.

    Example:
        >>> rounded(np.array([0.1, np.inf], dtype=np.float32))
        [0.1, None]
    """
    values = np.round(values.astype(np.float64), 7)
    return [value if finite else None for value, finite in zip(values.tolist(), np.isfinite(values))]
