"""Run a command on a Slurm cluster of two nodes, which exists only on this machine and for this command.

    python tests/slurm/cluster.py COMMAND [ARGUMENTS]

It starts munged, slurmctld and one slurmd per node, n1 and n2, as children of this process. Their
configuration, key and state are in a temporary folder, and they listen on free ports, so that a Slurm of this
machine is neither used nor changed. At the end of the command, also after Ctrl-C or SIGTERM, everything is
ended and removed. It needs Debian's packages slurm-wlm and munge.
"""

from __future__ import annotations

import contextlib
import ctypes
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

NODES = ("n1", "n2")
TIMEOUT = 60.0
_PR_SET_CHILD_SUBREAPER = 36
# A job in the partition `urgent` takes the nodes of jobs in `low`, which have 60 s to end and then run again.
_CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmdParameters=config_overrides
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_min_interval=100000
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
KillWait=30
InactiveLimit=0
ReturnToService=2
{nodes}
PartitionName=low Nodes=ALL Default=YES PriorityTier=1 GraceTime=60 MaxTime=INFINITE State=UP
PartitionName=urgent Nodes=ALL PriorityTier=2 PreemptMode=OFF MaxTime=INFINITE State=UP
"""


def main(command: list[str]) -> int:
    """Run a command on the cluster, and return its exit status."""
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _interrupt)
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, descendants_end():
        configuration = start_cluster(Path(folder))
        return subprocess.run(command, env=dict(os.environ, SLURM_CONF=str(configuration))).returncode


def start_cluster(folder: Path) -> Path:
    """Start the daemons as children of this process, and wait until both nodes are idle.

    Args:
        folder: Empty folder for their files.

    Returns:
        Path of the configuration, for the environment variable ``SLURM_CONF``.
    """
    folder.chmod(0o755)  # munge requires that every user can reach its socket
    controller_port, *node_ports = _free_ports(1 + len(NODES))
    configuration = folder / "slurm.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            host=socket.gethostname(),
            controller_port=controller_port,
            user=getpass.getuser(),
            folder=folder,
            nodes="\n".join(
                f"NodeName={name} NodeHostname={socket.gethostname()} NodeAddr=127.0.0.1 Port={port} CPUs=2"
                for name, port in zip(NODES, node_ports)
            ),
        )
    )
    (folder / "state").mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)
    _start(
        folder / "munged.log",
        "munged",
        "--foreground",
        "--force",
        f"--key-file={key}",
        f"--socket={folder}/munge.socket",
        f"--pid-file={folder}/munged.pid",
        f"--log-file={folder}/munged-messages.log",
        f"--seed-file={folder}/munged.seed",
    )
    _wait_until(folder, "munged has a socket", (folder / "munge.socket").exists)
    _start(folder / "slurmctld.log", "slurmctld", "-D", "-f", str(configuration))
    for name in NODES:
        _start(folder / f"{name}.log", "slurmd", "-D", "-N", name, "-f", str(configuration))

    def nodes_are_idle() -> bool:
        command = ["sinfo", "--noheader", "--Node", "--partition=low", "--format=%T"]
        environment = dict(os.environ, SLURM_CONF=str(configuration))
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        return done.stdout.split() == ["idle"] * len(NODES)

    _wait_until(folder, "both nodes are idle", nodes_are_idle)
    return configuration


@contextlib.contextmanager
def descendants_end() -> Iterator[None]:
    """At the end, kill all processes that were started inside, also those whose parents have ended."""
    # The steps of jobs detach from slurmd. With this setting, they become children of this process.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        # A second Ctrl-C must not leave processes behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while found := _descendants(os.getpid()):
            for process in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            time.sleep(0.05)


def _descendants(ancestor: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The name of the program is in parentheses and may contain spaces.
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                children.setdefault(int(parent), []).append(int(entry.name))
    found: list[int] = []
    waiting = [ancestor]
    while waiting:
        new = children.get(waiting.pop(), [])
        found += new
        waiting += new
    return found


def _start(log: Path, program: str, *arguments: str) -> None:
    # The daemons of Debian are in folders that are not on the path of every user.
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    executable = shutil.which(program, path=path)
    if executable is None:
        raise SystemExit(f"The program {program} must be installed: apt-get install slurm-wlm munge.")
    with open(log, "w") as output:
        # A process group of its own: Ctrl-C must first reach the command, whose jobs need the daemons.
        subprocess.Popen(
            [executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_until(folder: Path, state: str, is_reached) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not is_reached():
        if time.monotonic() > deadline:
            logs = "".join(f"--- {path.name}\n{path.read_text()}" for path in sorted(folder.glob("*.log")))
            raise SystemExit(f"The cluster has not started: after {TIMEOUT:g} s, not {state}.\n{logs}")
        time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for free in sockets:
            free.bind(("127.0.0.1", 0))
        return [free.getsockname()[1] for free in sockets]


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
