"""Files of docs/add_a_dataset.md in a copy of the repository: they pass their tests and the checks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.repository_copy import ROOT, check_style, check_types, copy_repository, run_in_copy

PAGE = (ROOT / "docs" / "add_a_dataset.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n# ([^\n]*)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
FILES = {title: text for title, text in BLOCKS if re.fullmatch(r"[\w/]+\.py", title)}
ADDITIONS = {title.split(",")[0]: text.splitlines() for title, text in BLOCKS if title not in FILES}
SAMPLERS = "mmpretrain_imbalance/datasets/samplers/__init__.py"
DATASETS = "mmpretrain_imbalance/datasets/__init__.py"


def insert(copy: Path, path: str, anchor: str, added: str) -> None:
    """Insert lines above the first line that starts with ``anchor``."""
    text = (copy / path).read_text(encoding="utf-8")
    assert f"\n{anchor}" in text
    (copy / path).write_text(text.replace(f"\n{anchor}", f"\n{added}\n{anchor}", 1), encoding="utf-8")


@pytest.fixture(scope="module")
def copy_with_the_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = copy_repository(tmp_path_factory.mktemp("copy"))
    for path, text in FILES.items():
        (copy / path).write_text(text, encoding="utf-8")
    converter, samplers = "tools/dataset_converters/convert.py", "tests/datasets/samplers/rank_samples.py"
    *options, reader, entry = ADDITIONS[converter]
    insert(copy, converter, '    one = command("single_positive"', "\n".join([*options, ""]))
    insert(copy, converter, "from mmpretrain_imbalance.datasets.readers.single_positive", reader)
    insert(copy, converter, '    "single_positive": ', entry)
    insert(copy, samplers, '    "repeat factor": ', *ADDITIONS[samplers])
    insert(copy, SAMPLERS, "from .repeat_factor", "from .positive_count import PositiveCountSampler")
    insert(
        copy, DATASETS, "from .samplers.repeat_", "from .samplers.positive_count import PositiveCountSampler"
    )
    for path in (SAMPLERS, DATASETS):
        insert(copy, path, '    "Re', '    "PositiveCountSampler",')
    return copy


def test_page_has_the_path_of_every_file() -> None:
    assert len(FILES) == 4
    assert len(ADDITIONS) == 2
    assert [path for path in ADDITIONS if not (ROOT / path).is_file()] == []


def test_tests_of_the_page_and_of_the_sampler_and_the_architecture_pass(copy_with_the_files: Path) -> None:
    own = [path for path in FILES if path.startswith("tests/")]
    modules = [path for path in FILES if path.startswith("mmpretrain_imbalance/")]
    tests = ["tests/architecture", "tests/datasets/samplers/test_drawn_samplers.py", *own, *modules]
    options = ["-v", "-p", "no:cacheprovider", "--doctest-modules"]
    # The other samplers of the table did not change.
    options += ["-k", "not test_drawn_samplers or positive"]
    output = run_in_copy(copy_with_the_files, "-m", "pytest", *options, *tests)
    assert len(re.findall(r"^tests/datasets/samplers/.*\[.*positive count.* PASSED", output, re.M)) > 10
    assert len(re.findall(r"^tests/datasets/readers/.*::test_\w+.* PASSED", output, re.M)) == 7
    assert "PositiveCountSampler PASSED" in output


def test_style_checks_pass(copy_with_the_files: Path) -> None:
    paths = [*FILES, *ADDITIONS, SAMPLERS, DATASETS]
    check_style(copy_with_the_files, paths)


def test_type_annotations_are_complete(copy_with_the_files: Path) -> None:
    modules = [path for path in FILES if path.startswith("mmpretrain_imbalance/")]
    check_types(copy_with_the_files, modules)


def test_command_of_the_page_converts_a_list(copy_with_the_files: Path) -> None:
    (command,) = re.findall(r"^python (tools/dataset_converters/convert.py signed_list .*)$", PAGE, re.M)
    (copy_with_the_files / "list.txt").write_text("a.jpg: +cat -dog ?elk\nb.jpg: +cat cow\n")
    output = run_in_copy(copy_with_the_files, *command.split(), "--skip-malformed")
    assert "1 malformed rows skipped in list.txt" in output
    assert "1 images, 3 classes, 1 positive, 1 negative and 1 unknown labels" in output
