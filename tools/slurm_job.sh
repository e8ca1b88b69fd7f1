#!/usr/bin/env bash
# Train in a batch job of Slurm that continues in a later job after it was preempted or has reached its time limit.
#   sbatch --partition=PARTITION [options of sbatch] tools/slurm_job.sh CONFIG WORK_DIR [options of tools/train.py]
#   Submit it in the folder that contains tools/. Options of sbatch replace those below; on the CPU, --gres=none.
#   Set MASTER_ADDR if the name of the first machine does not resolve on the others.
#SBATCH --job-name=train
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=8
#SBATCH --cpus-per-task=5
#SBATCH --gres=gpu:8
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=USR1@600
set -uo pipefail

if (($# < 2)); then
    echo "Usage: sbatch [options of sbatch] $0 CONFIG WORK_DIR [options of tools/train.py]" >&2
    exit 2
fi
config=$1 work_dir=$2
shift 2
# Jobs that share a machine must not share a port.
export MASTER_PORT="${MASTER_PORT:-$((20000 + SLURM_JOB_ID % 10000))}"

PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}" srun \
    --kill-on-bad-exit=1 \
    --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" \
    "${PYTHON:-python}" -u tools/train.py "$config" --work-dir="$work_dir" --launcher slurm --resume "$@"
status=$?
# A training that SIGUSR1 or SIGTERM has stopped ends with 128 + the number of the signal. After scancel, this
# line is not reached.
if ((status == 138 || status == 143)); then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
