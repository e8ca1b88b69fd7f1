"""Covered lines per test: a pytest plugin that measures them, and the reader of the measurement."""

from __future__ import annotations

import ast
import importlib
import json
import os
import pkgutil
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import coverage
import pytest
from mutants import PACKAGE, Source

HERE = Path(__file__).resolve().parent

LEFT_OUT = ["tests/packaging"]


def pytest_configure(config):
    """Start the measurement; imports of the package count for no test."""
    if "MUTATION_WORK" not in os.environ:
        return
    config.pluginmanager.register(
        Durations() if not hasattr(config, "workerinput") else Contexts(), "mutation"
    )


class Durations:
    """Plugin of the main process: duration and outcome of each test."""

    def __init__(self):
        self.tests = defaultdict(lambda: {"seconds": 0.0, "passed": True})

    def pytest_runtest_logreport(self, report):
        test = self.tests[report.nodeid]
        test["seconds"] += report.duration
        test["passed"] &= report.passed

    def pytest_sessionfinish(self):
        Path(os.environ["MUTATION_WORK"], "tests.json").write_text(json.dumps(self.tests, indent=0))


class Contexts:
    """Plugin of a worker: lines of each test. Lines of shared fixtures count for all tests of the file."""

    def __init__(self):
        work, root = Path(os.environ["MUTATION_WORK"]), Path(os.environ["MUTATION_ROOT"])
        self.coverage = coverage.Coverage(
            data_file=str(work / "coverage"),
            data_suffix=True,
            config_file=False,
            include=[f"{root / PACKAGE}/*"],
        )
        self.coverage.start()
        self.now = ""
        self.switch("import")
        package = importlib.import_module(PACKAGE)
        assert Path(package.__file__).parent == root / PACKAGE, package.__file__
        for module in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
            importlib.import_module(module.name)
        self.switch("")

    def switch(self, context):
        before, self.now = self.now, context
        self.coverage.switch_context(context)
        return before

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector):
        before = self.switch(f"{collector.nodeid}::*" if isinstance(collector, pytest.Module) else self.now)
        try:
            return (yield)
        finally:
            self.switch(before)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        self.switch(item.nodeid)
        try:
            return (yield)
        finally:
            self.switch("")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef, request):
        shared = fixturedef.scope != "function"
        before = self.switch(f"{request._pyfuncitem.nodeid.split('::')[0]}::*" if shared else self.now)
        try:
            return (yield)
        finally:
            self.switch(before)

    def pytest_sessionfinish(self):
        self.coverage.stop()
        self.coverage.save()


def measure(args):
    """Run the tests once and write coverage and tests.json."""
    args.work.mkdir(exist_ok=True, parents=True)
    for old in args.work.glob("coverage*"):
        old.unlink()
    environment = child_environment(args) | {"MUTATION_WORK": str(args.work), "MUTATION_ROOT": str(args.root)}
    command = [sys.executable, "-m", "pytest", "tests", "-q", "-n", "2", "-p", "measured_lines"]
    command += ["-p", "no:cacheprovider"]
    command += [f"--ignore={folder}" for folder in LEFT_OUT] + [
        "--hypothesis-seed=0",
        f"--basetemp={args.work}/tmp",
    ]
    subprocess.run(command, cwd=args.root, env=environment, check=False)
    # combine() removes the files it has read.
    data = coverage.Coverage(data_file=str(args.work / "coverage"), config_file=False)
    data.combine([str(args.work)])
    data.save()
    shutil.rmtree(args.work / "tmp", ignore_errors=True)


def child_environment(args):
    """Return an environment in which the package of the checkout is imported."""
    path = os.pathsep.join(filter(None, [str(args.root), str(HERE), os.environ.get("PYTHONPATH")]))
    return os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path}


class Covered:
    """Measured tests and lines."""

    def __init__(self, args):
        self.root = args.root
        self.tests = json.loads((args.work / "tests.json").read_text())
        failing = args.work / "failing.json"
        left_out = set(json.loads(failing.read_text())) if failing.exists() else set()
        self.tests = {n: t for n, t in self.tests.items() if t["passed"] and n not in left_out}
        self.coverage = coverage.Coverage(data_file=str(args.work / "coverage"), config_file=False)
        self.coverage.load()
        self.by_file = defaultdict(list)
        for name in self.tests:
            self.by_file[name.split("::")[0]].append(name)
        self._files = {}

    def _contexts(self, module):
        if module not in self._files:
            lines = self.coverage.get_data().contexts_by_lineno(str(self.root / module))
            self._files[module] = {line: set(names) - {"", "import"} for line, names in lines.items()}
        return self._files[module]

    def of(self, mutant):
        """Return the tests that run the line; for a line that runs at import, those of its class or file."""
        contexts = self._contexts(mutant["module"])
        source = Source((self.root / mutant["module"]).read_text(encoding="utf-8"))
        name, node, first, last = source.statements[mutant["index"]]
        definitions = (ast.FunctionDef, ast.ClassDef)
        if isinstance(node, definitions):
            last = node.end_lineno
        elif not any(n == name and isinstance(s, ast.FunctionDef) for n, s, *_ in source.statements):
            owners = [s for n, s, *_ in source.statements if n == name and isinstance(s, ast.ClassDef)]
            first, last = (owners[0].lineno, owners[0].end_lineno) if owners else (1, len(source.lines))
        found = set().union(*(contexts.get(line, ()) for line in range(first, last + 1)))
        tests = set()
        for context in found:
            file, _, test = context.partition("::")
            tests.update(self.by_file[file] if test == "*" else [context])
        return tests & self.tests.keys()

    def ordered(self, mutant):
        """Return the tests of the file with the module's name, and the other tests, fastest first."""
        tests = self.of(mutant)
        named = f"test_{Path(mutant['module']).name}"
        shared = {c.split("::")[0] for c in self.coverage.get_data().measured_contexts() if c.endswith("::*")}
        cost = defaultdict(float)
        for test in tests:
            cost[test.split("::")[0]] += self.tests[test]["seconds"]

        def key(test):  # tests that share fixtures stay together
            file, seconds = test.split("::")[0], self.tests[test]["seconds"]
            return (cost[file] if file in shared else seconds, file, seconds)

        ranked = sorted(tests, key=key)
        first = [test for test in ranked if Path(test.split("::")[0]).name == named]
        return first, [test for test in ranked if test not in set(first)]

    def also(self, mutant, places):
        """Return other tests in these folders or files, such as tests in processes that are not measured."""
        found = {name for name in self.tests if name.startswith(tuple(places))} - self.of(mutant)
        return sorted(found, key=lambda name: self.tests[name]["seconds"])
