#!/usr/bin/env bash
# Everything that needs a GPU, in under 8 minutes on one: the tests marked gpu, then one table of measurements.
# It has not been run on a GPU yet.
#
#   bash tools/benchmarks/gpu.sh [python]
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python=${1:-.venv/bin/python}

if ! "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then
    echo "There is no GPU, so nothing was tested or measured."
    exit 1
fi
# Each part has a limit of its own, so that the last one is reached.
timeout 200 "$python" -m pytest -q -m gpu tests
tests=$?
timeout 270 "$python" tools/benchmarks/gpu_report.py
report=$?
echo "tests ended with status $tests, the report with $report"
exit $((tests > report ? tests : report))
