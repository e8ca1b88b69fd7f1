"""Modules that an import loads, and registration of all classes in every order of imports.

The import time is not measured, because it follows from the loaded modules.
"""

from __future__ import annotations

import pytest

from tests.architecture.source_tree import ROOT
from tests.forked_programs import BEFORE_MMPRETRAIN, run_forked


def test_functions_load_torch_and_numpy_only() -> None:
    """The root package loads MMPretrain to register its classes; the functions themselves do not need it."""
    program = f"""
import sys
import types
before = {{module.partition(".")[0] for module in sys.modules}}
root = sys.modules["mmpretrain_imbalance"] = types.ModuleType("mmpretrain_imbalance")
root.__path__ = [{str(ROOT / "mmpretrain_imbalance")!r}]
import mmpretrain_imbalance.functional
after = {{module.partition(".")[0] for module in sys.modules}}
print(sorted(after - before - set(sys.stdlib_module_names)))
"""
    assert run_forked("import torch", [(program, [])]) == [(0, "['mmpretrain_imbalance']\n", "")]


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
def test_everything_is_registered_in_every_order() -> None:
    done = run_forked(BEFORE_MMPRETRAIN, [(program_of(order), []) for order in ORDERS])
    assert {order: printed.splitlines()[-1:] for order, (_, printed, _) in zip(ORDERS, done)} == {
        order: ["mmpretrain_imbalance"] for order in ORDERS
    }, [error for _, _, error in done]
    assert [status for status, _, _ in done] == [0] * len(ORDERS)


def program_of(order: str) -> str:
    return f"""
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
