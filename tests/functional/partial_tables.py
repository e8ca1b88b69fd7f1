"""Small matrices of scores and 1/0/-1 labels for property tests."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

# Few distinct values make ties frequent. They include both zeros and values of logits.
LOGITS = st.sampled_from([-80.0, -1.5, -0.0, 0.0, 0.25, 0.5, 0.5000001, 1.0, 7.0])
PROBABILITIES = st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.5, 0.55, 0.9, 1.0])


@st.composite
def partial_tables(draw, values=LOGITS, dtype=np.float32) -> tuple[np.ndarray, np.ndarray]:
    """Scores and labels of up to 12 images and 4 classes."""
    shape = draw(st.tuples(st.integers(1, 12), st.integers(1, 4)))
    scores = draw(hnp.arrays(dtype, shape, elements=values.map(dtype)))
    return scores, draw(hnp.arrays(np.int8, shape, elements=st.sampled_from([1, 0, -1])))


def flat(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return scores, labels, classes and images of the known elements, sorted by image."""
    images, classes = np.nonzero(labels != -1)
    return scores[images, classes], labels[images, classes], classes, images
