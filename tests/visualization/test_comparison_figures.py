from __future__ import annotations

from pathlib import Path

from PIL import Image

from mmpretrain_imbalance.visualization.comparison_figures import write_comparison_figures
from tests.apis.comparison.results.summaries import summary, three_methods


def test_files_are_equal_and_have_no_date(tmp_path: Path) -> None:
    content = summary(three_methods("a", 0.5, 0.6, 0.7), three_methods("b", 0.5, 0.6, 0.7))
    for folder in ("one", "two"):
        write_comparison_figures(content, tmp_path / folder)
    for name in ("comparison.png", "critical_difference.png"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
        assert set(Image.open(tmp_path / "one" / name).info) <= {"dpi"}


def test_an_outdated_diagram_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "critical_difference.png").write_bytes(b"old")
    write_comparison_figures(summary(three_methods("a", 0.5, 0.6, 0.7)), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["comparison.png"]
