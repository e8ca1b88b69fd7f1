#!/usr/bin/env bash
# Evaluate with several processes on one or more machines, one GPU per process (or the CPU if there is no GPU).
#   tools/dist_test.sh CONFIG CHECKPOINT GPUS [options of tools/test.py]
#   Set NNODES, NODE_RANK, MASTER_ADDR and PORT for more than one machine.
set -euo pipefail

if (($# < 3)); then
    echo "Usage: $0 CONFIG CHECKPOINT GPUS [options of tools/test.py]" >&2
    exit 2
fi
config=$1 checkpoint=$2 gpus=$3
shift 3
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

PYTHONPATH="$tools/..${PYTHONPATH:+:$PYTHONPATH}" exec "${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --nproc_per_node="$gpus" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    "$tools/test.py" "$config" "$checkpoint" --launcher pytorch "$@"
