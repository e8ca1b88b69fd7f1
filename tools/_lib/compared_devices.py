"""Devices that the runs of a comparison share."""

from __future__ import annotations

import torch


def visible_devices() -> list[str]:
    """Return all GPUs that this process sees, or the CPU."""
    return [f"cuda:{index}" for index in range(torch.cuda.device_count())] or ["cpu"]
