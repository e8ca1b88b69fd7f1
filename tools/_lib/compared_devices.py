"""Devices that the runs of a comparison share."""

from __future__ import annotations

import os

import torch


def visible_devices() -> list[str]:
    """Return all GPUs that this process sees, or the CPU."""
    return [f"cuda:{index}" for index in range(torch.cuda.device_count())] or ["cpu"]


def number_of_jobs(jobs: int | None, devices: list[str]) -> int:
    """Return the number of simultaneous runs.

    Args:
        jobs: The number of the command line; None for one run per GPU, or one per CPU core, at most 4.
        devices: The devices that the runs share.
    """
    if jobs is not None:
        return jobs
    return min(os.cpu_count() or 1, 4) if devices == ["cpu"] else len(devices)
