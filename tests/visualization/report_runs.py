"""Small runs for tests of the run report, and parsers of its HTML page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np

from mmpretrain_imbalance.metrics.known_predictions import KnownPredictions
from mmpretrain_imbalance.visualization import ReportRun

CLASSES = ["cat", "dog", "emu <i>&", "fox"]
POSITIVES = np.array([500, 60, 10, 3])


def scores_and_labels(seed: int = 0, num_images: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Return scores with ties and labels of 1, 0 and -1; every class has known positives and negatives."""
    generator = np.random.default_rng(seed)
    labels = np.random.default_rng(99).choice([1, 0, -1], (num_images, len(CLASSES)), p=[0.3, 0.4, 0.3])
    scores = np.clip(0.5 + 0.2 * labels + 0.25 * generator.normal(size=labels.shape), 0.01, 0.99)
    return np.round(scores, 2).astype(np.float32), labels


def predictions(seed: int = 0, **options) -> KnownPredictions:
    scores, labels = scores_and_labels(seed, **options)
    images, classes = np.nonzero(labels != -1)
    known = (images, classes)
    return KnownPredictions(CLASSES, len(labels), images, classes, scores[known], labels[known], POSITIVES)


def run(name: str, seed: int = 0, work_dir: Path = Path("nowhere"), **fields) -> ReportRun:
    return ReportRun(name, work_dir, predictions(seed), **{"training_positives": POSITIVES, **fields})


class Page(HTMLParser):
    """Parser that checks that tags are closed in order, and collects attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open, self.attributes, self.text = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list) -> None:
        self.attributes += [(tag, *attribute) for attribute in attributes]
        if tag not in ("meta", "img", "wbr"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list) -> None:
        self.attributes += [(tag, *attribute) for attribute in attributes]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def picture(of: ReportRun, index: int) -> np.ndarray:
    return np.full((8, 6, 1), index % 256, np.uint8)


def rows_of(html: str, section: str) -> list[list[str]]:
    """Return the cells of the table of a section, without markup."""
    content = html.split(f"<h2>{section}</h2>")[1].split("</section>")[0].split("<tbody>")[1]
    rows = re.findall(r"<tr>(.*?)</tr>", content)
    return [
        [re.sub(r"<.*?>", "", cell) for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row)] for row in rows
    ]
