#!/usr/bin/env bash
# Evaluate on a Slurm cluster.
#   tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [options of tools/test.py]
#   Set GPUS, GPUS_PER_NODE (0 for the CPU), CPUS_PER_TASK and SRUN_ARGS to change the resources of the job,
#   and MASTER_ADDR if the name of its first machine does not resolve on the others.
set -euo pipefail

if (($# < 4)); then
    echo "Usage: $0 PARTITION JOB_NAME CONFIG CHECKPOINT [options of tools/test.py]" >&2
    exit 2
fi
partition=$1 job_name=$2 config=$3 checkpoint=$4
shift 4
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
gpus=${GPUS:-8}
gpus_per_node=${GPUS_PER_NODE:-8}
resources=(--ntasks="$gpus" --cpus-per-task="${CPUS_PER_TASK:-5}")
if ((gpus_per_node > 0)); then
    resources+=(--ntasks-per-node="$gpus_per_node" --gres="gpu:$gpus_per_node")
fi
# Jobs that share a machine must not share a port.
export MASTER_PORT="${MASTER_PORT:-$((20000 + RANDOM % 10000))}"
read -r -a srun_args <<<"${SRUN_ARGS:-}"

PYTHONPATH="$tools/..${PYTHONPATH:+:$PYTHONPATH}" exec srun \
    --partition="$partition" \
    --job-name="$job_name" \
    --kill-on-bad-exit=1 \
    "${resources[@]}" ${srun_args[@]+"${srun_args[@]}"} \
    "${PYTHON:-python}" -u "$tools/test.py" "$config" "$checkpoint" --launcher slurm "$@"
