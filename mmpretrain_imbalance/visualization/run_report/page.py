"""Report that compares runs on one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import numpy as np

from ..axis_chart import legend
from .cards import wrong_label_cards
from .charts import frequency_chart, group_chart, precision_recall_chart, reliability_chart
from .classes import class_table, curve_classes
from .epochs import over_epochs
from .examples import listed
from .report_run import ReportRun
from .style import STYLE
from .tables import metrics_table, significance


def run_report_page(
    runs: Sequence[ReportRun],
    classes: Sequence[str] = (),
    image_of: Callable[[ReportRun, int], np.ndarray | str] | None = None,
    num_resamples: int = 1000,
    num_examples: int = 6,
) -> str:
    """Write an HTML report about one or several runs that were evaluated on the same images.

    Args:
        runs: The runs. All others are compared with the first.
        classes: Names of the classes with precision-recall curves; by default the three rarest classes and
            the most frequent class.
        image_of: Returns the image of a run at an index of the test set, as a path or an array; None for a
            page without images.
        num_resamples: Number of resamples of the paired bootstrap; 0 skips it.
        num_examples: Number of false positives and of false negatives shown per run; 0 skips them.

    Returns:
        The page as HTML.

    Raises:
        ValueError: If ``runs`` is empty, the runs differ in their classes, or ``classes`` contains an unknown
            class name.
    """
    names = _check_runs(runs, classes)
    chosen = [names.index(name) for name in classes] or curve_classes(runs[0])
    run_legend = legend([run.name for run in runs])
    predictions = runs[0].predictions
    sections = [
        f"<p>{predictions.num_images:,} images, "
        f"{predictions.num_classes:,} classes, {len(predictions.labels):,} known labels "
        f"({_percent(len(predictions.labels), predictions.num_images * predictions.num_classes)} of all). "
        "All numbers are computed from known labels only.</p>",
        _section("Metrics", metrics_table(runs)),
        _section("Significance of the differences", significance(runs, num_resamples))
        if len(runs) > 1
        else "",
        _section(
            "Frequent and rare classes",
            _figures(
                run_legend,
                (frequency_chart(runs), "AP of each class against its number of training positives"),
                (group_chart(runs), f"mAP of {runs[0].describe_groups()}"),
            )
            or "<p>The number of training positives per class was not recorded. Add LabelStatisticsHook to "
            "the config to record it.</p>",
        ),
        _section("Label statistics over epochs", over_epochs(runs)),
        _section(
            "Calibration",
            _figures(
                run_legend,
                (
                    reliability_chart(runs),
                    "Reliability of all known labels in ten bins; the dashed line is perfect calibration",
                ),
            ),
        ),
        _section(
            "Precision and recall",
            _figures(
                run_legend,
                *((precision_recall_chart(runs, index), f"Class {names[index]}") for index in chosen),
            ),
        ),
        _section("Results per class", class_table(runs, chosen)),
        *(
            _section(f"Worst predictions: {run.name}", wrong_label_cards(run, image_of, num_examples))
            for run in (runs if num_examples else ())
        ),
    ]
    title = escape(
        runs[0].name if len(runs) == 1 else f"{len(runs)} runs: {listed([run.name for run in runs], 3)}"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{title}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{title.replace('_', '_<wbr>')}</h1>"
        f"{''.join(sections)}</main></body></html>\n"
    )


def _check_runs(runs: Sequence[ReportRun], classes: Sequence[str]) -> list[str]:
    if not runs:
        raise ValueError(
            "The 'runs' argument of run_report_page must contain at least one run. Got none instead."
        )
    names = runs[0].predictions.class_names
    for run in runs:
        if run.predictions.class_names != names:
            raise ValueError(
                "The 'runs' argument of run_report_page must have the same classes in the same order. Got "
                f"{len(names)} classes in {runs[0].name!r} and {run.predictions.num_classes} different "
                f"classes in {run.name!r} instead."
            )
    unknown = [name for name in classes if name not in names]
    if unknown:
        raise ValueError(
            "The 'classes' argument of run_report_page must contain names of classes of the runs. "
            f"Got {unknown[0]!r} instead."
        )
    return names


def _figures(run_legend: str, *charts: tuple[str | None, str]) -> str:
    figures = [
        f"<figure><figcaption>{escape(caption)}</figcaption>{chart}</figure>"
        for chart, caption in charts
        if chart is not None
    ]
    return f"{run_legend}<div class='figures'>{''.join(figures)}</div>" if figures else ""


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _percent(count: int, total: int) -> str:
    return f"{100 * count / total:.1f} %" if total else "n/a"
