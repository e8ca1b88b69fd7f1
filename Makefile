# `make demo` and `make test` need python3 and nothing else: each makes its environment on first use.
# STACK=onedl runs any of them on the maintained forks of MMEngine, MMCV and MMPretrain.

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

# Both stacks own the import names mmengine, mmcv and mmpretrain, so each has an environment of its own.
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
PYTEST := $(RUN) -m pytest -n $(JOBS) $(PYTEST_ARGS)
INSTALLED := $(VENV)/installed
COPIED := $(VENV)/copied

# Tests run in parallel processes; more threads in each of them only get in each other's way.
test test-fast doctest check-long: export OMP_NUM_THREADS := 1

# The stamp is written last and holds the path of this clone. It is not believed when the install was killed, when the
# environment's python is gone, or when the clone was moved.
ifneq ($(shell $(RUN) -c 'print(open("$(INSTALLED)").read(), end="")' 2>/dev/null),$(CURDIR))
$(shell rm -f $(INSTALLED))
endif

.PHONY: help demo test test-fast doctest lint docs docs-serve check check-long benchmarks clean

help:  ## show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "make %-11s %s\n", $$1, $$2}'

demo: $(COPIED)  ## train every method on digits and compare them; SEEDS=3 adds the spread
	$(RUN) tools/demo.py --seeds $(SEEDS)

test: $(COPIED)  ## run the tests
	$(PYTEST)

test-fast: $(COPIED)  ## run the tests that need neither a training run nor another process
	$(PYTEST) -m 'not slow and not long' $(FAST)

doctest: $(COPIED)  ## run the examples in the docstrings
	$(PYTEST) --doctest-modules mmpretrain_imbalance

lint: $(COPIED)  ## check style, format and types of the code
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

docs: $(COPIED)  ## build the documentation site in build/docs/html
	$(RUN) -m sphinx -E -W -n --keep-going -q -c docs . build/docs/html
	@echo "The pages are in build/docs/html."

docs-serve: docs  ## build the documentation site and serve it on http://localhost:8000; PORT=8001 takes another port
	$(RUN) -m http.server $(PORT) --bind 127.0.0.1 --directory build/docs/html

check:  ## everything CI runs: lint, tests and examples, on both stacks
	$(MAKE) STACK=openmmlab lint
	$(MAKE) STACK=openmmlab test
	$(MAKE) STACK=openmmlab doctest
	$(MAKE) STACK=onedl test PYTEST_ARGS='$(PYTEST_ARGS) --ignore=tests/docs/test_site.py'  # the site is the same
	$(MAKE) STACK=onedl doctest

check-long: $(COPIED)  ## the tests that take minutes: inductor compiles every loss
	$(PYTEST) -m long

benchmarks: $(COPIED)  ## measure speed and memory against the bars in the documentation; QUICK=1 takes smaller data
	for script in tools/benchmarks/*.py; do echo "== $$script"; flag=; \
	    if [ -n "$(QUICK)" ] && grep -q -e '"--quick"' "$$script"; then flag=--quick; fi; $(RUN) "$$script" $$flag; done

clean:  ## remove environments, caches and builds; work_dirs/ stays
	rm -rf .venv .venv-onedl .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A first install starts from nothing; a change of pyproject.toml only adds to what is there.
$(INSTALLED): pyproject.toml hatch_build.py
	@echo "Installing the $(STACK) stack into $(VENV): about 3 minutes and 6 GB the first time."
	@if [ -e $@ ]; then rm $@; else $(PYTHON) -m venv --clear $(VENV); fi
	@$(PIP) install -e '.[$(STACK),test]' \
	    | awk '/(Downloading|Using cached|Processing) .*[0-9] [MG]B\)|^(Building|Installing)/ {print "  " substr($$0, 1, 100); fflush()}'
	@$(PIP) install --quiet --no-deps '$(MIM)' model-index
	@printf %s '$(CURDIR)' > $@
	@touch $(COPIED)

# An editable install follows the package but only copies configs and tools: copy them again after an edit.
$(COPIED): $(INSTALLED) model-index.yml $(shell find configs tools -not -path '*__pycache__*')
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@
