"""Drawn photographs with their spreadsheet, and a backbone that is found once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmpretrain_imbalance.apis import NewProject, new_project
from mmpretrain_imbalance.apis.project import new_project as module
from mmpretrain_imbalance.apis.project.backbone_choice import choose_backbone
from tests.apis.project.drawn_photos import draw_photos, draw_table, draw_truth

SMALL = dict(model="timm/test_efficientnet", weights="none", image_size=32, batch_size=8, max_epochs=2)


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the images of 40 drawn photographs."""
    folder = tmp_path_factory.mktemp("drawn") / "photos"
    draw_photos(folder, draw_truth(40))
    return folder


@pytest.fixture
def truth() -> np.ndarray:
    return draw_truth(40)


@pytest.fixture
def table(truth: np.ndarray) -> pd.DataFrame:
    return draw_table(truth)


@pytest.fixture
def spreadsheet(table: pd.DataFrame, tmp_path: Path) -> Path:
    path = tmp_path / "labels.xlsx"
    table.to_excel(path, index=False)
    return path


@pytest.fixture
def make(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Make a project with a small network."""
    backbone = choose_backbone(SMALL["model"], SMALL["image_size"])
    monkeypatch.setattr(module, "choose_backbone", lambda name, size: backbone)

    def run(
        table: Path, images: Path = photos, out: Path = tmp_path / "project", **options: Any
    ) -> NewProject:
        return new_project(table, images, out, **{**SMALL, **options})

    return run
