#!/usr/bin/env bash
# Evaluate with several processes on one or more machines, one GPU per process (or the CPU if there is no GPU).
#   tools/dist_test.sh CONFIG CHECKPOINT GPUS [options of tools/test.py]
#   One machine: a free port is taken, or PORT if it is set.
#   Several machines: set NNODES, NODE_RANK and MASTER_ADDR, and PORT if 29500 is not free.
set -euo pipefail

if (($# < 3)); then
    echo "Usage: $0 CONFIG CHECKPOINT GPUS [options of tools/test.py]" >&2
    exit 2
fi
config=$1 checkpoint=$2 gpus=$3
shift 3
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if ((${NNODES:-1} == 1)) && [[ -z ${PORT:-} ]]; then
    rendezvous=(--standalone --local_addr=127.0.0.1)
else
    rendezvous=(
        --nnodes="${NNODES:-1}"
        --node_rank="${NODE_RANK:-0}"
        --master_addr="${MASTER_ADDR:-127.0.0.1}"
        --master_port="${PORT:-29500}"
    )
fi

PYTHONPATH="$tools/..${PYTHONPATH:+:$PYTHONPATH}" exec "${PYTHON:-python}" -m torch.distributed.run \
    "${rendezvous[@]}" \
    --nproc_per_node="$gpus" \
    "$tools/test.py" "$config" "$checkpoint" --launcher pytorch "$@"
