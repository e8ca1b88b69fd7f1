"""Tests of a mutant in a forked process, whose parent has imported everything except the package."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import os
import resource
import select
import shutil
import signal
import sys
import time

import pytest
from mutants import PACKAGE

HANG = 20.0  # seconds for one test in addition to ten times its measured duration


class MutantFinder:
    """Import hook that loads one module from mutated source in memory."""

    def __init__(self, name, path, code):
        self.name, self.path, self.code = name, path, code

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        loader = importlib.machinery.SourceFileLoader(name, self.path)
        loader.get_data = lambda path: self.code.encode()
        loader.path_stats = self._no_stats  # or Python would take the cached bytecode
        return importlib.util.spec_from_file_location(name, self.path, loader=loader)

    @staticmethod
    def _no_stats(path):
        raise OSError


class Chosen:
    """Plugin of the child: run the chosen tests in the given order, and report to the parent."""

    def __init__(self, tests, pipe, end):
        self.rank, self.pipe, self.end = {test: i for i, test in enumerate(tests)}, pipe, end

    def report(self, *words):
        os.write(self.pipe, ("\t".join(words) + "\n").encode())

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(self, items):
        yield
        items[:] = sorted((i for i in items if i.nodeid in self.rank), key=lambda i: self.rank[i.nodeid])

    def pytest_runtest_logstart(self, nodeid):
        self.report("start", nodeid)

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.report("failed", report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item):
        if time.monotonic() > self.end:
            self.report("late")
            item.session.shouldstop = "time"


def import_dependencies():
    """Import the packages that every child needs."""
    import warnings

    for name in (
        "numpy scipy sklearn.metrics cv2 pandas torch torchvision torch._dynamo mmengine.runner "
        "mmpretrain.apis mmpretrain.models mmpretrain.datasets mmpretrain.evaluation hypothesis.strategies "
        "torchmetrics hypothesis.extra.numpy _pytest.pytester matplotlib.pyplot pyarrow.csv onnx "
        "rich.progress"
    ).split():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module(name)
    import hypothesis
    import torch

    torch.set_num_threads(1)
    hypothesis.settings.register_profile(  # one failing example is enough, and none is stored
        "mutation",
        database=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("mutation")


def in_child(args, mutant, code, tests, pipe, end, options):
    """Put the mutant in place and run the tests."""
    os.setsid()
    output = os.open(args.work / "output.txt", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))
    sys.dont_write_bytecode = True
    if code is not None:
        name = mutant["module"].removesuffix(".py").replace("/", ".")
        sys.meta_path.insert(0, MutantFinder(name, str(args.root / mutant["module"]), code))
    files = list(dict.fromkeys(test.split("::")[0] for test in tests))
    plain = ["-p", "no:cacheprovider", "-p", "no:xdist", "-q", "--hypothesis-seed=0"]
    status = pytest.main([*plain, *options, *files], plugins=[Chosen(tests, pipe, end)])
    os.write(pipe, f"end\t{int(status)}\n".encode())


def fork_tests(args, mutant, code, tests, seconds, end, stop_first=True):
    """Run tests in a forked child. Returns the outcome, the tests that failed and the number that ran."""
    temporary = args.work / "tmp"
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reader)
            in_child(
                args, mutant, code, tests, writer, end, [f"--basetemp={temporary}", *["-x"] * stop_first]
            )
        finally:
            os._exit(0)
    os.close(writer)
    outcome, failed, current, since, ran = None, [], None, time.monotonic(), 0
    buffer = b""
    while outcome is None:
        ready, _, _ = select.select([reader], [], [], 1)
        data = os.read(reader, 65536) if ready else None
        if data == b"":
            outcome = "crash"
        *lines, buffer = (buffer + (data or b"")).split(b"\n")
        for kind, *words in (line.decode().split("\t") for line in lines):
            if kind == "start":
                current, since, ran = words[0], time.monotonic(), ran + 1
            elif kind == "failed":
                failed.append(words[0])
            elif kind == "late":
                outcome = "late"
            elif kind == "end":
                outcome = {"0": "passed", "1": "failed", "2": "failed"}.get(words[0], f"error {words[0]}")
        allowed = HANG + 10 * seconds.get(current, 2.0)
        if outcome is None and time.monotonic() > max(end, since + allowed):
            outcome, failed = "timeout", [str(current)]
    if outcome == "crash" and failed:
        outcome = "failed"
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        pass
    os.waitpid(child, 0)
    os.close(reader)
    shutil.rmtree(temporary, ignore_errors=True)
    return outcome, failed, ran


def start_server(args):
    """Make this process the fork server."""
    os.chdir(args.root)
    sys.path.insert(0, str(args.root))
    import_dependencies()
    assert PACKAGE not in sys.modules
