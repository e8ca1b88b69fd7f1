"""The notebook of own data: it has no outputs, and runs on drawn photographs."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from tests.apis.project.drawn_photos import CLASSES, draw_photos, draw_table, draw_truth
from tests.docs.code_blocks import ROOT
from tests.processes import run_ranks

NOTEBOOK = ROOT / "docs" / "own_data.ipynb"
SMALL = dict(model="timm/test_efficientnet", weights="none", image_size=32, max_epochs=2, batch_size=8)


def test_notebook_is_stored_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [
        cell.outputs or cell.execution_count for cell in code if cell.outputs or cell.execution_count
    ] == []


def run_cells(cells: list[str], folder: Path) -> None:
    """Run the cells as Jupyter does, in a process that has already imported the package."""
    from IPython.core.interactiveshell import InteractiveShell

    os.chdir(folder)
    shell = InteractiveShell()
    for cell in cells:
        shell.run_cell(cell).raise_error()


@pytest.mark.slow
def test_notebook_runs(tmp_path: Path) -> None:
    truth = draw_truth(40)
    draw_photos(tmp_path / "photos", truth)
    draw_table(truth).to_excel(tmp_path / "clothes.xlsx", index=False)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    settings = notebook.cells[1]
    assert settings.source.count("\noptions = ") == 1
    settings.source += f"\noptions = {SMALL!r}"
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    run_ranks(run_cells, 1, cells, tmp_path)
    assert {path.name for path in (tmp_path / "clothes").iterdir()} >= {
        "config.py",
        "work_dirs",
        "suspects.csv",
    }
    suspects = pd.read_csv(tmp_path / "clothes" / "suspects.csv")
    assert set(suspects["class"]) <= set(CLASSES)
    assert len(suspects) == 40
