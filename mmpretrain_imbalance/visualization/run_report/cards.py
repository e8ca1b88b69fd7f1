"""Cards with the images of the labels that a run predicted worst."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import numpy as np

from .examples import listed, thumbnail, worst_labels
from .report_run import ReportRun


def wrong_label_cards(
    run: ReportRun, image_of: Callable[[ReportRun, int], np.ndarray | str] | None, count: int
) -> str:
    """Return thumbnails of the worst false negatives and false positives of a run.

    Args:
        run: The run.
        image_of: Returns the image of a run at an index of the test set; None for cards without images.
        count: Maximum number of false negatives and maximum number of false positives.

    Returns:
        The cards as HTML. A card whose image cannot be loaded has the error message instead.
    """
    blocks = []
    for positive, title in (
        (True, "Positives with the lowest scores"),
        (False, "Negatives with the highest scores"),
    ):
        cards = []
        for wrong in worst_labels(run.predictions, positive, count):
            try:
                picture = None if image_of is None else thumbnail(image_of(run, wrong.image))
            except (IndexError, KeyError, OSError, ValueError) as error:
                picture, reason = None, str(error)
            else:
                reason = "no image in this report"
            shown = (
                f'<img src="{picture}" alt="image {wrong.image}" loading="lazy">'
                if picture
                else f"<div class='missing'>image {wrong.image}: {escape(reason[:80])}</div>"
            )
            label = "positive" if positive else "negative"
            unknown = f"<span class='unknown'>? unknown: {escape(_unknown_text(wrong.unknown, run))}</span>"
            cards.append(
                f"<li>{shown}"
                f"<span><b>{escape(wrong.class_name)}</b> is {label}, score {wrong.score:.3f}</span>"
                f"<span>known positives: {escape(listed(wrong.positives) or 'none')}</span>"
                f"{unknown if wrong.unknown else ''}</li>"
            )
        none = "<p>None. All of these labels are predicted correctly at the threshold 0.5.</p>"
        blocks.append(f"<h3>{title}</h3>" + (f"<ul class='cards'>{''.join(cards)}</ul>" if cards else none))
    return "".join(blocks)


def _unknown_text(names: list[str], run: ReportRun) -> str:
    """Return the names of the unknown classes, or only their number if there are many."""
    if len(names) <= 12:
        return listed(names)
    return f"{len(names):,} of the {run.predictions.num_classes:,} classes"
