# `make demo` and `make test` need only python3: the first call creates the environment.
# STACK=onedl uses the maintained forks of MMEngine, MMCV and MMPretrain.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

STACK ?= openmmlab
PYTHON ?= python3
SEEDS ?= 1
JOBS ?= 2
PYTEST_ARGS ?=
QUICK ?=
PORT ?= 8000
KILLS ?= 1000
FILES ?= 100000
SEED ?=

# Both stacks use the import names mmengine, mmcv and mmpretrain, so each stack has its own environment.
ifeq ($(STACK),openmmlab)
VENV := .venv
MIM := openmim==0.3.9
else ifeq ($(STACK),onedl)
VENV := .venv-onedl
MIM := onedl-mim==0.5.1
else
$(error STACK must be openmmlab or onedl. Got '$(STACK)' instead)
endif

RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check
# Some tests take half a minute: a process without tests takes over those that wait for another one.
PYTEST := $(RUN) -m pytest -n $(JOBS) --dist worksteal $(PYTEST_ARGS)
INSTALLED := $(VENV)/installed
COPIED := $(VENV)/copied

# Tests start many processes, each of which would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

# Tests run in parallel processes; more than one thread per process would slow them down.
test test-fast doctest check-long slurm: export OMP_NUM_THREADS := 1

# $(INSTALLED) contains the path of this clone and is written at the end of an install. It is deleted, so that the
# install runs again, if the Python of the environment does not exist, or if the clone was moved.
ifneq ($(shell $(RUN) -c 'print(open("$(INSTALLED)").read(), end="")' 2>/dev/null),$(CURDIR))
$(shell rm -f $(INSTALLED))
endif

# Folders whose tests take less than a minute together.
FAST := $(addprefix tests/,architecture datasets/annotations datasets/label_store functional losses metrics utils visualization)
# What does not depend on the stack: functions of torch and NumPy (a test forbids other imports there), how losses compile,
# and tests of text, of style and of the benchmarks.
SAME := $(addprefix --ignore=,mmpretrain_imbalance/functional tests/architecture tests/common/test_gpu_first.py \
    tests/common/test_loss_laws.py tests/configs/test_add_a_method.py tests/datasets/test_add_a_dataset.py tests/docs \
    tests/functional tests/tools/test_benchmarks.py)

.PHONY: help demo test test-fast doctest lint docs docs-serve check check-long faults slurm benchmarks clean

help:  ## show this list of commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "make %-11s %s\n", $$1, $$2}'

demo: $(COPIED)  ## train the methods on digits and compare them; SEEDS=3 adds standard deviations
	$(RUN) tools/demo.py --seeds $(SEEDS)

test: $(COPIED)  ## run the tests
	$(PYTEST)

test-fast: $(COPIED)  ## run the tests of formulas, losses, metrics, stored labels and reports, in less than a minute
	$(PYTEST) -m 'not slow and not long' $(FAST)

doctest: $(COPIED)  ## run the examples of the docstrings
	$(PYTEST) --doctest-modules mmpretrain_imbalance

lint: $(COPIED)  ## check style, format and types of the code
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

docs: $(COPIED)  ## build the documentation site in build/docs/html
	$(RUN) -m sphinx -E -W -n --keep-going -q -c docs . build/docs/html
	@echo "The pages are in build/docs/html."

docs-serve: docs  ## build the documentation site and serve it on http://localhost:8000; PORT=8001 uses another port
	$(RUN) -m http.server $(PORT) --bind 127.0.0.1 --directory build/docs/html

check:  ## run everything that CI runs: lint, tests and examples, and on the second stack what depends on it
	$(MAKE) STACK=openmmlab .venv/copied & installed=$$!; $(MAKE) STACK=onedl .venv-onedl/copied; wait $$installed
	$(MAKE) STACK=openmmlab lint
	$(MAKE) STACK=openmmlab test
	$(MAKE) STACK=openmmlab doctest
	$(MAKE) STACK=onedl test PYTEST_ARGS='$(PYTEST_ARGS) $(SAME)'
	$(MAKE) STACK=onedl doctest PYTEST_ARGS='$(PYTEST_ARGS) $(SAME)'
	@if PATH="$$PATH:/usr/sbin" command -v slurmd > /dev/null; then $(MAKE) slurm; \
	    else echo "slurmd is not installed: make slurm is left out. It needs Debian's packages slurm-wlm and munge."; fi

check-long: $(COPIED)  ## run the tests that take minutes: inductor compiles every loss, benchmarks run, a machine is lost
	$(PYTEST) -m long

faults: $(COPIED)  ## kill commands, fill the disk and damage files at random places; KILLS=1000 FILES=100000 SEED=1
	$(RUN) tests/faults/campaign.py --kills $(KILLS) --files $(FILES) $(if $(SEED),--seed $(SEED)) --jobs $(JOBS) \
	    --page docs/reliability.md

slurm: $(COPIED)  ## train on a Slurm cluster of two nodes on this machine; needs Debian's packages slurm-wlm and munge
	$(RUN) tests/slurm/cluster.py $(RUN) -m pytest -v $(PYTEST_ARGS) tests/slurm/slurm_runs.py

benchmarks: $(COPIED)  ## measure speed and memory and compare them with the limits; QUICK=1 uses smaller data
	for script in tools/benchmarks/*.py; do echo "== $$script"; flag=; \
	    if [ -n "$(QUICK)" ] && grep -q -e '"--quick"' "$$script"; then flag=--quick; fi; $(RUN) "$$script" $$flag; done

clean:  ## remove environments, caches and builds, but not work_dirs/
	rm -rf .venv .venv-onedl .pytest_cache .ruff_cache .mypy_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The first install creates the environment; after a change of pyproject.toml, an install only updates it.
$(INSTALLED): pyproject.toml hatch_build.py
	@echo "Installing the $(STACK) stack into $(VENV): about 3 minutes and 6 GB the first time."
	@if [ -e $@ ]; then rm $@; else $(PYTHON) -m venv --clear $(VENV); fi
	@$(PIP) install -e '.[$(STACK),test]' \
	    | awk '/(Downloading|Using cached|Processing) .*[0-9] [MG]B\)|^(Building|Installing)/ {print "  " substr($$0, 1, 100); fflush()}'
	@$(PIP) install --quiet --no-deps '$(MIM)' model-index
	@printf %s '$(CURDIR)' > $@
	@touch $(COPIED)

# An editable install links the package, but copies configs and tools. Copy them again after a change.
$(COPIED): $(INSTALLED) model-index.yml $(shell find configs tools -not -path '*__pycache__*')
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@
