"""Table of labels to check, which a person fills in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..utils.files import atomic_write, csv_line

_COLUMNS = ("image", "class", "label", "suggested", "probability", "score", "kind", "basis", "correct")


class SuspectLabel(NamedTuple):
    """One label to check.

    Attributes:
        image: Name of the image, as in the annotations.
        class_name: Name of the class.
        label: Its label: 1 (positive), 0 (negative) or -1 (unknown).
        suggested: The label that the model suggests: the opposite of a known label, and for an unknown label
            1 if the probability is at least the threshold of the class.
        probability: Probability of the class.
        score: Score by which labels of a kind are ranked; a high score comes first.
        kind: ``'wrong?'`` for a known label, ``'ask'`` for an unknown label.
    """

    image: str
    class_name: str
    label: int
    suggested: int
    probability: float
    score: float
    kind: str


@dataclass(frozen=True)
class SuspectLabels:
    """Labels to check, with the origin of their scores.

    Attributes:
        labels: The labels: first those that look wrong, then those to ask for, each kind in descending order.
        basis: ``'in-sample'``: the model was trained on these labels, so that memorized errors look right.
            ``'out-of-fold'``: each image was scored by a model that has not seen it. ``'held-out'``: the
            images are validation or test images.
        num_known: Number of known labels that were scored.
        num_unknown: Number of unknown labels that were scored.
        num_issues: Number of known labels that cleanlab's confident learning finds to be wrong; None with
            another method.
    """

    labels: list[SuspectLabel]
    basis: str
    num_known: int
    num_unknown: int
    num_issues: int | None = None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the labels as CSV, with an empty column ``correct`` for a person to fill.

        :func:`apply_corrections` reads the file.

        Args:
            path: The file, which must not exist.

        Raises:
            FileExistsError: If the file exists; it may contain the answers of a person.
        """
        if Path(path).exists():
            raise FileExistsError(
                "The 'path' argument of SuspectLabels must be a file that does not exist. Got "
                f"{str(path)!r} instead."
            )
        texts = {text for item in self.labels for text in (item.image, item.class_name)}
        # Without a byte-order mark, Excel shows and saves other letters than those of English wrongly.
        encoding = "utf-8" if all(map(str.isascii, texts)) else "utf-8-sig"
        with atomic_write(path, "wb") as file:
            file.write(csv_line(_COLUMNS).encode(encoding))
            for item in self.labels:
                label = "" if item.label == -1 else item.label
                numbers = f"{item.probability:.6g}", f"{item.score:.6g}"
                cells = [
                    item.image,
                    item.class_name,
                    label,
                    item.suggested,
                    *numbers,
                    item.kind,
                    self.basis,
                    "",
                ]
                file.write(csv_line(cells).encode("utf-8", "surrogateescape"))
