from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib import image as matplotlib_image

from mmpretrain_imbalance.visualization import known_label_picture, known_label_sheet

CLASSES = [f"class {c}" for c in range(40)]


def texts_of(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_every_class_is_listed_under_its_label() -> None:
    labels = np.full(40, -1)
    labels[[3, 7]], labels[[5]] = 1, 0
    texts = texts_of(known_label_picture(np.zeros((8, 8, 3), np.uint8), labels, CLASSES, max_names=2))
    assert texts[:4] == ["✔ positive (2)", "class 3, class 7", "✘ negative (1)", "class 5"]
    assert texts[4:] == ["? unknown (37)", "class 0, class 1 and 35 more"]


def test_classes_in_focus_are_listed_first_independent_of_max_names() -> None:
    labels = np.full(40, -1)
    texts = texts_of(known_label_picture(np.zeros((8, 8)), labels, CLASSES, focus=["class 33"], max_names=1))
    assert texts[:4] == ["✔ positive (0)", "none", "✘ negative (0)", "none"]
    assert texts[4:] == ["? unknown (40)", "→ class 33", "class 0 and 38 more"]


@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 1), (9, 7, 3)])
def test_pictures_are_rendered(shape) -> None:
    image = np.full(shape, 200, np.uint8)
    figures = [
        known_label_picture(image, np.array([1, 0, -1]), ["$a_b$", "dog", "elk"], title="$x$ 1"),
        known_label_sheet([(image, np.array([1, 0, -1]), "", ())] * 3, ["cat", "dog", "elk"]),
    ]
    for figure in figures:
        file = io.BytesIO()
        figure.savefig(file, format="png")
        file.seek(0)
        assert np.ptp(matplotlib_image.imread(file)[..., 0]) > 0.5
    assert len(figures[1].axes) == 6
