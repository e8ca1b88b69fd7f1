#!/usr/bin/env bash
# Train with several processes on one or more machines, one GPU per process (or the CPU if there is no GPU).
#   tools/dist_train.sh CONFIG GPUS [options of tools/train.py]
#   Set NNODES, NODE_RANK, MASTER_ADDR and PORT for more than one machine.
set -euo pipefail

if (($# < 2)); then
    echo "Usage: $0 CONFIG GPUS [options of tools/train.py]" >&2
    exit 2
fi
config=$1 gpus=$2
shift 2
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

PYTHONPATH="$tools/..${PYTHONPATH:+:$PYTHONPATH}" exec "${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --nproc_per_node="$gpus" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    "$tools/train.py" "$config" --launcher pytorch "$@"
