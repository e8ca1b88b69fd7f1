"""Several processes on a machine without a GPU: MMEngine's start-up needs one, so gloo is started before."""

from __future__ import annotations

import atexit
import os
import subprocess
import time
from datetime import timedelta

import torch.distributed
from mmengine.config import Config
from mmengine.device import get_device

# Where each launcher says which process this is, how many there are, and which one on its machine.
_PLACES = {
    "pytorch": ("RANK", "WORLD_SIZE", "LOCAL_RANK"),
    "slurm": ("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"),
    "mpi": ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"),
}


def join_cpu_processes(cfg: Config) -> None:
    """Start gloo and fit the model wrapper to the CPU; with an accelerator, or a single process, do nothing.

    Args:
        cfg: The complete config, whose ``model_wrapper_cfg`` is filled in.

    Raises:
        ValueError: If the launcher that the config names did not start this process.
    """
    if cfg.get("launcher", "none") == "none":
        return
    missing = [name for name in _PLACES[cfg.launcher] if name not in os.environ]
    if missing:
        raise ValueError(
            f"The '--launcher' argument must be what started this process. Got {cfg.launcher!r} instead, "
            f"which would have set {', '.join(missing)}. Leave the option out, or start through "
            "tools/dist_train.sh, tools/slurm_train.sh or mpirun."
        )
    if get_device() != "cpu":
        return
    for name, place in zip(("RANK", "WORLD_SIZE", "LOCAL_RANK"), _PLACES[cfg.launcher]):
        os.environ[name] = os.environ[place]
    if cfg.launcher == "slurm" and "MASTER_ADDR" not in os.environ:
        os.environ["MASTER_ADDR"] = _first_slurm_host()
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29500")

    wrapper = dict(broadcast_buffers=False, find_unused_parameters=cfg.get("find_unused_parameters", False))
    wrapper.update(cfg.get("model_wrapper_cfg") or {})
    cfg.model_wrapper_cfg = dict(wrapper, device_ids=None)

    seconds = cfg.get("env_cfg", {}).get("dist_cfg", {}).get("timeout", 1800)
    torch.distributed.init_process_group("gloo", timeout=timedelta(seconds=seconds))
    atexit.register(leave_process_group)


def leave_process_group() -> None:
    """Let gloo's threads finish: one that needs the interpreter while Python ends aborts the process.

    After a collective operation, a thread of gloo drops the tensors, for which it waits until this thread
    gives up the interpreter, as it does while it sleeps.
    """
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
        time.sleep(0.1)


def _first_slurm_host() -> str:
    command = ["scontrol", "show", "hostnames", os.environ["SLURM_NODELIST"]]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[0]
