#!/usr/bin/env bash
# Run everything that needs a GPU, in under 8 minutes: the tests marked gpu, then gpu_report.py.
# This script has not been run on a GPU yet.
#
#   bash tools/benchmarks/gpu.sh [python]
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python=${1:-.venv/bin/python}

if ! "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then
    echo "There is no GPU, so nothing was tested or measured."
    exit 1
fi
# Each part has its own time limit, so that the second part always runs.
timeout 200 "$python" -m pytest -q -m gpu tests
tests=$?
timeout 270 "$python" tools/benchmarks/gpu_report.py
report=$?
echo "Exit status of the tests: $tests; of the report: $report"
exit $((tests > report ? tests : report))
