"""Data loader processes whose parent is killed while they start."""

from __future__ import annotations

import multiprocessing
import os


def end_without_parent(worker_id: int) -> None:
    """End this data loader process if its parent has ended; a ``worker_init_fn`` of a ``DataLoader``.

    A data loader process of PyTorch ends when its parent is another one than at the start of its work. If the
    parent was killed before this start, the process would wait forever.

    Args:
        worker_id: Index of the data loader process.
    """
    parent = multiprocessing.parent_process()
    # A process of a fork server is no child of the process that uses it, and ends with the server.
    if parent is not None and multiprocessing.get_start_method() == "fork" and os.getppid() != parent.pid:
        os._exit(1)
