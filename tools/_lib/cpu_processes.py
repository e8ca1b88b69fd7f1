"""Distributed runs without a GPU.

MMEngine starts distributed processes only on a GPU, so the gloo process group is started before the Runner.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import time
from datetime import timedelta

import torch.distributed
from mmengine.config import Config
from mmengine.device import get_device

# Environment variables of each launcher: rank, number of processes, and rank on the machine.
_LAUNCHER_VARIABLES = {
    "pytorch": ("RANK", "WORLD_SIZE", "LOCAL_RANK"),
    "slurm": ("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"),
    "mpi": ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"),
}


def is_first_process(launcher: str) -> bool:
    """Return whether this process has rank 0, before the processes are connected.

    Args:
        launcher: The program that started this process; 'none' for a single process.
    """
    return launcher == "none" or os.environ.get(_LAUNCHER_VARIABLES[launcher][0], "0") == "0"


def join_cpu_processes(cfg: Config) -> None:
    """Start the gloo process group and configure the model wrapper for the CPU.

    With an accelerator, or without a launcher, nothing is done.

    Args:
        cfg: The complete config; its ``model_wrapper_cfg`` is changed in place.

    Raises:
        ValueError: If this process was not started by the launcher of the config.
    """
    if cfg.get("launcher", "none") == "none":
        return
    missing = [name for name in _LAUNCHER_VARIABLES[cfg.launcher] if name not in os.environ]
    if missing:
        raise ValueError(
            "The '--launcher' argument must be the program that started this process. Got "
            f"{cfg.launcher!r} instead, but the environment variables {', '.join(missing)}, which that "
            "launcher sets, are missing. Omit the option, or start with tools/dist_train.sh, "
            "tools/slurm_train.sh or mpirun."
        )
    if get_device() != "cpu":
        return
    for name, source in zip(("RANK", "WORLD_SIZE", "LOCAL_RANK"), _LAUNCHER_VARIABLES[cfg.launcher]):
        os.environ[name] = os.environ[source]
    if cfg.launcher == "slurm" and "MASTER_ADDR" not in os.environ:
        os.environ["MASTER_ADDR"] = _first_slurm_host()
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29500")

    wrapper = dict(broadcast_buffers=False, find_unused_parameters=cfg.get("find_unused_parameters", False))
    wrapper.update(cfg.get("model_wrapper_cfg") or {})
    cfg.model_wrapper_cfg = dict(wrapper, device_ids=None)

    seconds = cfg.get("env_cfg", {}).get("dist_cfg", {}).get("timeout", 1800)
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("gloo", timeout=timedelta(seconds=seconds))
        atexit.register(leave_process_group)


def leave_process_group() -> None:
    """Leave the process group, and let the threads of gloo finish before Python exits.

    After a collective operation, a gloo thread releases its tensors, for which it needs the interpreter lock.
    If Python is already exiting then, the process aborts. This thread releases the lock while it sleeps.
    """
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
        time.sleep(0.1)


def _first_slurm_host() -> str:
    command = ["scontrol", "show", "hostnames", os.environ["SLURM_NODELIST"]]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[0]
