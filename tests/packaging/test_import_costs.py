"""Modules that an import loads, and registration of all classes in every order of imports.

The import time is not measured, because it follows from the loaded modules.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.architecture.source_tree import ROOT


def printed_by(program: str) -> str:
    """Run a program in a new process, and return the last line that it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=ROOT,
        env=dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS="1"),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_functions_load_torch_and_numpy_only() -> None:
    """The root package loads MMPretrain to register its classes; the functions themselves do not need it."""
    program = f"""
import sys
import torch
import types
before = {{module.partition(".")[0] for module in sys.modules}}
root = sys.modules["mmpretrain_imbalance"] = types.ModuleType("mmpretrain_imbalance")
root.__path__ = [{str(ROOT / "mmpretrain_imbalance")!r}]
import mmpretrain_imbalance.functional
after = {{module.partition(".")[0] for module in sys.modules}}
print(sorted(after - before - set(sys.stdlib_module_names)))
"""
    assert printed_by(program) == "['mmpretrain_imbalance']"


BY_CONFIG = """
from mmengine.config import Config
from pathlib import Path
import tempfile
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "config.py")
    path.write_text("custom_imports = dict(imports=['mmpretrain_imbalance'], allow_failed_imports=False)")
    Config.fromfile(path)
"""
# All other tests have a plain import that comes first.
ORDERS = {
    "custom_imports alone": BY_CONFIG,
    "functional, then custom_imports": "import mmpretrain_imbalance.functional\n" + BY_CONFIG,
    "MMPretrain, then a plain import": """
import mmpretrain.datasets, mmpretrain.evaluation, mmpretrain.models
before = loaded_packages()
import mmpretrain_imbalance
# The import of the package takes only the time of MMPretrain and of its own files.
added = loaded_packages() - before - set(sys.stdlib_module_names)
assert added == {"mmpretrain_imbalance"}, added
""",
    "type with the package name": """
from mmpretrain.registry import MODELS
MODELS.build(dict(type="mmpretrain_imbalance.HillLoss"))
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("order", ORDERS)
def test_everything_is_registered_in_every_order(order: str) -> None:
    program = f"""
import sys
def loaded_packages():
    return {{module.partition(".")[0] for module in sys.modules}}
{ORDERS[order]}
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader
from mmpretrain import registry
init_default_scope("mmpretrain")
found = [
    getattr(registry, kind).get(name).__module__.partition(".")[0]
    for kind, name in [
        ("BATCH_AUGMENTS", "PartialLabelMixup"),
        ("DATASETS", "PartialLabelDataset"),
        ("DATA_SAMPLERS", "RepeatFactorSampler"),
        ("HOOKS", "LabelStatisticsHook"),
        ("METRICS", "PartialLabelAveragePrecision"),
        ("MODELS", "PartialLabelMaskingLoss"),
        ("TRANSFORMS", "PackPartialInputs"),
    ]
]
# The import also replaces the checkpoint loader of MMEngine by a safe one.
found += [CheckpointLoader.load_checkpoint.__module__.partition(".")[0]]
print(*sorted(set(found)))
"""
    assert printed_by(program) == "mmpretrain_imbalance"
