"""Every package that the code imports is declared in pyproject.toml."""

from __future__ import annotations

import re
import sys

from hatchling.metadata.core import ProjectMetadata

from tests.architecture.source_tree import ROOT, imported_modules, python_files

# Distributions whose name is not that of what is imported from them. Both distributions of MMCV bring OpenCV:
# declared here, it could be installed a second time, as another of its builds.
DISTRIBUTIONS = {"PIL": "pillow", "cv2": "mmcv", "sklearn": "scikit-learn"}
HOST = {"mmcv", "mmengine", "mmpretrain"}


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


def test_what_the_package_imports_is_declared() -> None:
    imported = third_party("mmpretrain_imbalance")
    assert {"numpy", "torch", "scipy", "mmengine"} <= imported
    # onnx and pyarrow are imported where they are used, with a sentence that names the extra.
    assert imported - HOST - PLAIN - EXTRAS["onnx"] - EXTRAS["tables"] == set()


def test_what_the_tools_import_is_declared() -> None:
    assert third_party("tools") - HOST - PLAIN - EXTRAS["onnx"] - EXTRAS["tables"] == set()


def test_both_stacks_bring_what_the_package_is_built_on() -> None:
    for extra, names in (
        ("openmmlab", {"mmcv-lite", "mmengine", "mmpretrain"}),
        ("onedl", {f"onedl-{name}" for name in HOST}),
    ):
        assert names <= EXTRAS[extra]


def test_nothing_is_declared_that_nobody_imports() -> None:
    by_the_host = {"torchvision"}  # which MMPretrain imports and one of its distributions does not declare
    assert PLAIN - third_party("mmpretrain_imbalance", "tools") == by_the_host
