"""Local files of MMEngine, such as checkpoints, that are complete or do not exist."""

from __future__ import annotations

import os

from mmengine.fileio import LocalBackend, register_backend

from .files import atomic_write


class AtomicLocalBackend(LocalBackend):  # type: ignore[misc]  # not annotated
    """File backend of MMEngine whose bytes are in a temporary file until all of them are written.

    MMEngine writes over a file. It saves a checkpoint a second time when it is the best one. A process that
    is killed then would leave no complete checkpoint, if there is no older one.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     AtomicLocalBackend().put(b"weights", f"{folder}/epoch_1.pth")
        ...     AtomicLocalBackend().get(f"{folder}/epoch_1.pth")
        b'weights'
    """

    def put(self, obj: bytes, filepath: str | os.PathLike[str]) -> None:
        with atomic_write(filepath, "wb") as file:
            file.write(obj)


def make_local_files_atomic() -> None:
    """Let MMEngine write every local file by :class:`AtomicLocalBackend`.

    The package calls this function when it is imported.
    """
    register_backend("local", AtomicLocalBackend, force=True, prefixes="")
