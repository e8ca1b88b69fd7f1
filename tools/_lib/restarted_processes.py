"""Meeting point of processes that torchrun has started again."""

from __future__ import annotations

import os
import socket

from mmengine.config import Config
from torch.distributed import PrefixStore, TCPStore


def meet_after_restart(cfg: Config) -> None:
    """Let the processes of a restart meet at a new port.

    torchrun keeps its store for all restarts, and with it the addresses of the processes that have ended:
    gloo and NCCL would connect to these. After a restart, rank 0 therefore chooses a free port, where it
    starts a store of its own, and passes the port on through the store of torchrun, under the number of the
    restart.

    Args:
        cfg: The complete config. The environment variables change if its launcher is 'pytorch'.

    Raises:
        ValueError: If torchrun may restart several machines that keep one store. They do not count the same
            restarts, so there is no name for their meeting.
    """
    variables = os.environ
    if cfg.get("launcher") != "pytorch" or variables.get("TORCHELASTIC_USE_AGENT_STORE") != "True":
        return
    limit = int(variables.get("TORCHELASTIC_MAX_RESTARTS", 0))
    if limit and int(variables.get("GROUP_WORLD_SIZE", 1)) > 1:
        raise ValueError(
            "The '--max-restarts' argument of torchrun must be 0 on several machines that keep their store. "
            f"Got {limit} instead. Set the environment variable TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 and use "
            "--rdzv-backend=c10d, or set MAX_RESTARTS and start with tools/dist_train.sh."
        )
    restart = variables.get("TORCHELASTIC_RESTART_COUNT", "0")
    if restart == "0":
        return
    address = variables["MASTER_ADDR"]
    kept = TCPStore(address, int(variables["MASTER_PORT"]), is_master=False)
    store = PrefixStore(f"mmpretrain_imbalance/restart_{restart}", kept)
    if variables["RANK"] == "0":
        store.set("port", str(_free_port()))
    variables["MASTER_PORT"] = store.get("port").decode()
    variables["TORCHELASTIC_USE_AGENT_STORE"] = "False"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("", 0))
        return free.getsockname()[1]
