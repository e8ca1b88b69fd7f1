"""Use of a model between training steps that leaves the training as it was."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from mmengine.dist import broadcast
from torch import nn


@contextmanager
def undisturbed_training(model: nn.Module) -> Iterator[None]:
    """Use a model in evaluation mode, and leave the training as it was.

    Afterwards, each module is in the mode in which it was, and the random numbers go on where they were. In
    the meantime, all ranks have the buffers of rank 0, such as means and variances of batch normalization,
    because these are the ones in a checkpoint. The state of losses is not touched.

    Args:
        model: The model, without a distributed wrapper.

    Yields:
        Nothing.
    """
    modes = [(module, module.training) for module in model.modules()]
    buffers = [buffer for name, buffer in model.named_buffers() if "loss" not in name]
    own = [buffer.clone() for buffer in buffers]
    states = random.getstate(), np.random.get_state()  # noqa: NPY002  (transforms draw from the global generator)
    devices = [torch.cuda.current_device()] if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices):
        try:
            model.eval()
            for buffer in buffers:
                broadcast(buffer)
            yield
        finally:
            for buffer, value in zip(buffers, own):
                buffer.copy_(value)
            for module, mode in modes:
                module.training = mode
            random.setstate(states[0])
            np.random.set_state(states[1])  # noqa: NPY002
