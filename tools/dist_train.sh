#!/usr/bin/env bash
# Train with several processes on one or more machines, one GPU per process (or the CPU if there is no GPU).
#   tools/dist_train.sh CONFIG GPUS [options of tools/train.py]
#   One machine: a free port is taken, or PORT if it is set.
#   Several machines: set NNODES, NODE_RANK and MASTER_ADDR, and PORT if 29500 is not free.
set -euo pipefail

if (($# < 2)); then
    echo "Usage: $0 CONFIG GPUS [options of tools/train.py]" >&2
    exit 2
fi
config=$1 gpus=$2
shift 2
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
    "$tools/train.py" "$config" --launcher pytorch "$@"
