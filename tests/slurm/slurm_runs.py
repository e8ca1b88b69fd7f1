"""Trainings on the cluster of ``cluster.py``: `make slurm` runs these tests, `make test` does not.

The reference of each training is a training of two processes on this machine, without Slurm.
"""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.slurm.wait_for_signals import FILE
from tests.tools.run_tool import ROOT, TOOLS, run_tool

EPOCHS = 3
TIMEOUT = 300.0
TWO_NODES = ("--nodes=2", "--ntasks-per-node=1")
# Two iterations per epoch and rank. A checkpoint is saved only at the end, or because of a signal.
CONFIG = f"""
_base_ = ['{ROOT}/configs/partial_bce/digits-imbalanced_bce.py']
custom_imports = dict(
    imports=['mmpretrain_imbalance', 'tests.slurm.wait_for_signals'], allow_failed_imports=False)
custom_hooks = [dict(type='LabelStatisticsHook'), dict(type='EpochSeedHook'), dict(type='WaitForSignals')]
model = dict(backbone=dict(channels=(4, 8)), head=dict(in_channels=8))
train_dataloader = dict(
    batch_size=16, num_workers=1, persistent_workers=False, dataset=dict(num_images=64))
val_dataloader = dict(dataset=dict(num_images=40))
train_cfg = dict(max_epochs={EPOCHS}, val_interval={EPOCHS})
param_scheduler = dict(total_steps={EPOCHS})
default_hooks = dict(checkpoint=dict(interval=100))
"""


@pytest.fixture(scope="module", autouse=True)
def config(tmp_path_factory):
    """Path of the config. The environment of all jobs has this Python and needs no host name."""
    assert "SLURM_CONF" in os.environ, "start these tests with `make slurm`"
    folder = tmp_path_factory.mktemp("config")
    (folder / "config.py").write_text(CONFIG)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHON", sys.executable)
        patched.setenv("PYTHONPATH", str(ROOT))
        patched.setenv("MASTER_ADDR", "127.0.0.1")
        patched.setenv("GLOO_SOCKET_IFNAME", "lo")
        patched.setenv("OMP_NUM_THREADS", "1")
        patched.chdir(ROOT)
        yield folder / "config.py"


@pytest.fixture(scope="module")
def weights_without_slurm(config, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp("without_slurm")
    options = ("--launcher", "pytorch", "--work-dir", work_dir)
    run_tool(TOOLS / "train.py", config, *options, processes=2)
    return final_weights(work_dir)


def final_weights(work_dir: Path) -> dict[str, torch.Tensor]:
    return dict(load_weights_only(work_dir / f"epoch_{EPOCHS}.pth")["state_dict"])


def run(*command: str | Path, **variables: str) -> str:
    """Run a command, and return its output."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words,
        env=dict(os.environ, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, f"{words} ended with exit status {done.returncode}:\n{done.stdout}"
    return done.stdout


def wait_until(is_reached, state: str, log: Path) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not is_reached():
        if time.monotonic() > deadline:
            text = log.read_text() if log.exists() else "none"
            pytest.fail(f"After {TIMEOUT:g} s, not {state}. Jobs:\n{run('squeue')}\nLog of the job:\n{text}")
        time.sleep(0.2)


def job_state(job: str) -> str:
    return re.search(r"JobState=(\w+)", run("scontrol", "show", "job", job))[1]


def test_slurm_train_on_two_nodes(config, weights_without_slurm, tmp_path):
    output = run(
        TOOLS / "slurm_train.sh",
        "low",
        "digits",
        config,
        tmp_path,
        GPUS="2",
        GPUS_PER_NODE="0",
        CPUS_PER_TASK="1",
        SRUN_ARGS="--label " + " ".join(TWO_NODES),
    )
    assert "Distributed launcher: slurm" in output
    assert "GPU number: 2" in output  # MMEngine's name for the number of processes
    torch.testing.assert_close(final_weights(tmp_path), weights_without_slurm, rtol=0, atol=0)


def test_preempted_job_continues(config, weights_without_slurm, tmp_path):
    """Slurm sends SIGTERM to a job that it preempts; the user sends SIGUSR1 to the job that continues."""
    log = tmp_path / "job.log"
    waiting = tmp_path / FILE
    waiting.write_text("[0]")
    options = ("--partition=low", "--exclusive", "--gres=none", *TWO_NODES, "--cpus-per-task=1")
    job = run(
        "sbatch",
        "--parsable",
        *options,
        f"--output={log}",
        TOOLS / "slurm_job.sh",
        config,
        tmp_path,
    ).strip()

    def ranks_wait_in(epoch: int) -> bool:
        return all((tmp_path / f"rank_{rank}_waits_in_epoch_{epoch}").exists() for rank in (0, 1))

    wait_until(lambda: ranks_wait_in(0), "in the first epoch", log)
    waiting.write_text("[1]")
    run("srun", "--partition=urgent", "--exclusive", *TWO_NODES, "true")
    assert [path.name for path in tmp_path.glob("*.pth")] == ["epoch_1.pth"]
    wait_until(lambda: ranks_wait_in(1), "in the second epoch", log)
    waiting.write_text("[]")
    run("scancel", "--signal=USR1", job)
    wait_until(lambda: job_state(job) == "COMPLETED", "at the end of the job", log)

    restarts = re.search(r"Restarts=(\d+)", run("scontrol", "show", "job", job))[1]
    assert restarts == "2", log.read_text()
    text = log.read_text()
    assert "has received SIGTERM" in text
    assert "has received SIGUSR1" in text
    assert "Traceback" not in text
    torch.testing.assert_close(final_weights(tmp_path), weights_without_slurm, rtol=0, atol=0)


def test_job_array_trains_the_parts_of_a_comparison(tmp_path):
    command = [
        sys.executable,
        "tools/compare_methods.py",
        "configs/_base_/protocols/digits_all_known.py",
        *("--methods", "binary_cross_entropy", "HillLoss"),
        *("--seeds", "1", "--jobs", "1"),
        *("--work-dir", str(tmp_path / "comparison")),
        *("--cfg-options", "train_cfg.max_epochs=1", "train_dataloader.dataset.num_images=64"),
    ]
    log = tmp_path / "%a.log"
    array = ("--partition=low", "--array=1-2", "--ntasks=1", "--wait", f"--output={log}", "--requeue")
    run("sbatch", *array, "--wrap", " ".join([*command, "--shard", "$SLURM_ARRAY_TASK_ID/2"]))
    for part in (1, 2):
        assert f"Part {part} of 2 is finished" in (tmp_path / f"{part}.log").read_text()
    run(*command, "--collect")
    with open(tmp_path / "comparison" / "per_seed.csv", newline="") as file:
        found = {(row["method"], row["status"]) for row in csv.DictReader(file)}
    assert found == {("binary_cross_entropy", "finished"), ("HillLoss", "finished")}


@pytest.mark.parametrize("ending", ["failure", "Ctrl-C", "SIGTERM"])
def test_cluster_leaves_nothing_behind(ending, tmp_path):
    """Daemons, jobs and files are removed, however the command ends."""
    script = "echo $SLURM_CONF; sbatch --output=/dev/null --wrap 'sleep 600' >/dev/null; sleep 2; "
    script += "exit 3" if ending == "failure" else "echo started; sleep 600"
    variables = {name: value for name, value in os.environ.items() if name != "SLURM_CONF"}
    with subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "slurm" / "cluster.py"), "bash", "-c", script],
        env=variables,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C reaches all processes of a terminal's group
    ) as process:
        folder = Path(process.stdout.readline().strip()).parent
        assert folder.is_dir()
        assert processes_that_name(folder)
        if ending == "failure":
            assert process.wait(60) == 3
        else:
            assert process.stdout.readline() == "started\n"
            if ending == "Ctrl-C":
                os.killpg(process.pid, signal.SIGINT)
            else:
                process.terminate()
            assert process.wait(60) == 130
    assert not folder.exists()
    assert processes_that_name(folder) == []


def processes_that_name(folder: Path) -> list[str]:
    """Return the command lines of all processes that have the folder in their command line or environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                texts = [(entry / name).read_bytes() for name in ("cmdline", "environ")]
            except OSError:
                continue
            if any(str(folder).encode() in text for text in texts):
                found.append(texts[0].replace(b"\0", b" ").decode())
    return found
