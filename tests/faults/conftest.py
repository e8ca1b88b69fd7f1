"""Folders of the tests in this folder, which write many thousand small files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

IN_MEMORY = Path("/dev/shm")


@pytest.fixture
def tmp_path(tmp_path: Path) -> Iterator[Path]:
    """A new folder in memory where there is space, so that no test waits for the disk."""
    if not IN_MEMORY.is_dir() or shutil.disk_usage(IN_MEMORY).free < 2**30:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="faults_", dir=IN_MEMORY, ignore_cleanup_errors=True) as folder:
        yield Path(folder)
