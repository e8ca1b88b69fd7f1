"""Messages of the server that imports the modules of jobs."""

from __future__ import annotations

import logging

import pytest

from mmpretrain_imbalance.apis.comparison.runs import preloaded  # noqa: F401


@pytest.mark.parametrize(
    ("message", "is_shown"),
    [
        ("No CUDA runtime is found, using CUDA_HOME='/usr/local'", False),
        ("Error checking compiler version for c++", True),
    ],
)
def test_only_the_message_about_the_missing_gpu_is_hidden(message: str, is_shown: bool) -> None:
    logger = logging.getLogger("torch.utils.cpp_extension")
    record = logger.makeRecord(logger.name, logging.WARNING, "file", 1, message, (), None)
    assert bool(logger.filter(record)) is is_shown
