"""Files of docs/add_a_method.md in a copy of the repository: they pass all tests and checks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.repository_copy import ROOT, check_style, check_types, copy_repository, run_in_copy

PAGE = ROOT / "docs" / "add_a_method.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
FILES = {block.split("\n", 1)[0][2:]: block.split("\n", 1)[1] for block in BLOCKS if block.startswith("# ")}
CLASSES = {"weak_negative_loss": "WeakNegativeLoss", "recall_balanced_loss": "RecallBalancedLoss"}


@pytest.fixture(scope="module")
def copy_with_the_methods(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = copy_repository(tmp_path_factory.mktemp("copy"))
    for path, text in FILES.items():
        (copy / path).parent.mkdir(exist_ok=True)
        (copy / path).write_text(text, encoding="utf-8")
    exports = copy / "mmpretrain_imbalance" / "losses" / "__init__.py"
    text = exports.read_text(encoding="utf-8")
    for module, name in CLASSES.items():
        text = text.replace("from .zlpr_loss", f"from .{module} import {name}\nfrom .zlpr_loss", 1)
        text = text.replace("__all__ = [", f'__all__ = [\n    "{name}",', 1)
    exports.write_text(text, encoding="utf-8")
    with open(copy / "tests" / "losses" / "smallest_losses.py", "a", encoding="utf-8") as file:
        file.write('SMALLEST["RecallBalancedLoss"] = dict(type="RecallBalancedLoss", loss=PLAIN)\n')
    neighbor = copy / "configs" / "statistics_balanced"
    for name in ("README.md", "metafile.yml"):
        text = (neighbor / name).read_text(encoding="utf-8")
        text = text.replace("digits-imbalanced_class-weighted-bce", "digits-rps50_weak-negative")
        text = text.replace("statistics_balanced", "weak_negative")
        (copy / "configs" / "weak_negative" / name).write_text(text, encoding="utf-8")
    with open(copy / "model-index.yml", "a", encoding="utf-8") as file:
        file.write("  - configs/weak_negative/metafile.yml\n")
    return copy


def test_page_has_the_path_of_every_file() -> None:
    assert sorted(path for path in FILES if not re.fullmatch(r"[\w/-]+\.py", path)) == []
    assert len(FILES) == 9


def test_laws_tests_config_and_docstring_examples_pass(copy_with_the_methods: Path) -> None:
    modules = [path for path in FILES if path.startswith("mmpretrain_imbalance/")]
    output = run_in_copy(
        copy_with_the_methods,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--doctest-modules",
        "tests/common",
        "tests/configs/test_configs.py",
        "tests/configs/test_config_rules.py",
        "tests/architecture",
        *(path for path in FILES if path.startswith("tests/")),
        *modules,
        "-k",
        "WeakNegative or RecallBalanced or weak_negative or recall_balanced or registered or code_rules"
        " or import or epoch_before or weak-negative",
        "--deselect",
        "tests/configs/test_add_a_method.py",
    )
    assert int(re.search(r"(\d+) passed", output)[1]) > 60 + len(modules)


def test_style_checks_pass(copy_with_the_methods: Path) -> None:
    modules = [path for path in FILES if path.startswith("mmpretrain_imbalance/")]
    check_style(copy_with_the_methods, [*FILES])
    check_types(copy_with_the_methods, modules)


def test_check_loss_example_of_the_page_runs(copy_with_the_methods: Path) -> None:
    (call,) = [block for block in BLOCKS if block.startswith("from mmpretrain_imbalance.testing")]
    script = copy_with_the_methods / "call.py"
    script.write_text("import mmpretrain_imbalance\n" + call, encoding="utf-8")
    run_in_copy(copy_with_the_methods, "call.py")
