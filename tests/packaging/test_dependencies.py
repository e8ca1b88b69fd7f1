"""Declaration of all imported packages in pyproject.toml."""

from __future__ import annotations

import re
import sys

from hatchling.metadata.core import ProjectMetadata

from tests.architecture.source_tree import ROOT, imported_modules, python_files

# Distributions by import name, where the names differ. Both distributions of MMCV install OpenCV; a
# dependency of our own could install a second build of it.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "cv2": "mmcv",
    "iterstrat": "iterative-stratification",
    "sklearn": "scikit-learn",
}
OPENMMLAB = {"mmcv", "mmengine", "mmpretrain"}


def third_party(*folders: str) -> set[str]:
    files = python_files(*folders)
    modules = {module.partition(".")[0] for path in files for module in imported_modules(path)}
    ours = {path.stem for path in python_files("tools")} | {"_lib", "mmpretrain_imbalance"}
    names = {module for module in modules if module not in ours | set(sys.stdlib_module_names)}
    return {DISTRIBUTIONS.get(name, name) for name in names}


def names_of(requirements: list[str]) -> set[str]:
    return {re.match(r"[\w.-]+", requirement)[0].lower() for requirement in requirements}


METADATA = ProjectMetadata(str(ROOT), None).core
PLAIN = names_of(METADATA.dependencies)
EXTRAS = {extra: names_of(requirements) for extra, requirements in METADATA.optional_dependencies.items()}
# Packages that are imported only when they are used; the error message names the extra.
OPTIONAL = set().union(*(EXTRAS[name] for name in ("onnx", "suspects", "tables", "timm", "tuning")))


def test_imports_of_the_package_are_declared() -> None:
    imported = third_party("mmpretrain_imbalance")
    assert {"numpy", "torch", "scipy", "mmengine"} <= imported
    of_timm = {"huggingface_hub", "safetensors"}  # its networks and weights need them
    assert imported - OPENMMLAB - PLAIN - OPTIONAL - of_timm == set()


def test_imports_of_the_tools_are_declared() -> None:
    assert third_party("tools") - OPENMMLAB - PLAIN - OPTIONAL == set()


def test_both_stacks_contain_mmcv_mmengine_and_mmpretrain() -> None:
    for extra, names in (
        ("openmmlab", {"mmcv-lite", "mmengine", "mmpretrain"}),
        ("onedl", {f"onedl-{name}" for name in OPENMMLAB}),
    ):
        assert names <= EXTRAS[extra]


def test_every_declared_package_is_imported() -> None:
    of_mmpretrain = {"torchvision"}  # MMPretrain imports it, but one of its distributions does not declare it
    assert PLAIN - third_party("mmpretrain_imbalance", "tools") == of_mmpretrain
