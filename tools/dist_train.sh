#!/usr/bin/env bash
# Train with several processes on one or more machines, one GPU per process (or the CPU if there is no GPU).
#   tools/dist_train.sh CONFIG GPUS [options of tools/train.py]
#   One machine: a free port is taken, or PORT if it is set.
#   Several machines: set NNODES, NODE_RANK and MASTER_ADDR, and PORT if 29500 is not free.
#   MAX_RESTARTS: number of failures after which all processes start again. Use it with --resume. Set LOCAL_ADDR
#   on each of several machines if the others cannot resolve its host name.
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
elif ((${NNODES:-1} > 1 && ${MAX_RESTARTS:-0} > 0)); then
    # The machines agree on each restart, also if one of them has left and comes back, and meet in a new store.
    export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1
    rendezvous=(
        --nnodes="$NNODES"
        --rdzv_backend=c10d
        --rdzv_id="${PORT:-29500}"
        --rdzv_endpoint="${MASTER_ADDR:-127.0.0.1}:${PORT:-29500}"
        --rdzv_conf="is_host=$((${NODE_RANK:-0} == 0))"
        ${LOCAL_ADDR:+--local_addr="$LOCAL_ADDR"}
    )
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
    --max_restarts="${MAX_RESTARTS:-0}" \
    "$tools/train.py" "$config" --launcher pytorch "$@"
