"""Modules that a training imports; the server of the processes of jobs imports this one once for all jobs.

PyTorch logs that it finds no GPU when MMEngine asks for the compilers of the machine. The log would appear in
every comparison on the CPU cores of a machine with CUDA, because the jobs see no GPU.
"""

from __future__ import annotations

import gc
import logging


def is_shown(record: logging.LogRecord) -> bool:
    """Return whether a message of ``torch.utils.cpp_extension`` is shown."""
    return "No CUDA runtime is found" not in record.getMessage()


logging.getLogger("torch.utils.cpp_extension").addFilter(is_shown)

import matplotlib.pyplot  # noqa: E402, F401
import mmpretrain.engine  # noqa: E402
import mmpretrain.visualization  # noqa: E402, F401
import sklearn.datasets  # noqa: E402, F401
import torch.utils.cpp_extension  # noqa: E402, F401

from .. import run_job  # noqa: E402, F401

# Garbage collections, and the search of a run for its losses, leave out all objects of these modules.
gc.collect()
gc.freeze()
