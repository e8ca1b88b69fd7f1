"""Report that compares runs on one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..page_templates import render
from ..series import method_series
from .charts import frequency_chart, group_chart, precision_recall_chart, reliability_chart
from .classes import class_table, curve_classes
from .curves import training_curves
from .differences import fact_table, setting_table, threshold_notes
from .epochs import statistics_charts, without_statistics
from .examples import listed
from .most_wrong import example_cards
from .report_run import ReportRun
from .tables import metrics_table, significance_table


def run_report_page(
    runs: Sequence[ReportRun],
    classes: Sequence[str] = (),
    image_of: Callable[[ReportRun, int], np.ndarray | str] | None = None,
    num_resamples: int = 1000,
    num_examples: int = 6,
    has_pictures: bool = True,
) -> str:
    """Write an HTML report about one or several runs that were evaluated on the same images.

    Args:
        runs: The runs. All others are compared with the first.
        classes: Names of the classes with precision-recall curves; by default the three rarest classes and
            the most frequent class.
        image_of: Returns the image of a run at an index of the test set, as a path or an array; None for a
            page without images and file names.
        num_resamples: Number of resamples of the paired bootstrap; 0 skips it.
        num_examples: Number of false positives and of false negatives shown per run; 0 skips them.
        has_pictures: Whether the page shows the images themselves, in addition to their file names.

    Returns:
        The page as HTML.

    Raises:
        ValueError: If ``runs`` is empty, the runs differ in their classes, or ``classes`` contains an unknown
            class name.
    """
    names = _check_runs(runs, classes)
    chosen = [names.index(name) for name in classes] or curve_classes(runs[0])
    predictions = runs[0].predictions
    known, labels = len(predictions.labels), predictions.num_images * predictions.num_classes
    title = runs[0].name if len(runs) == 1 else f"{len(runs)} runs: {listed([run.name for run in runs], 3)}"
    by_frequency = frequency_chart(runs), group_chart(runs)
    has_bootstrap = len(runs) > 1 and num_resamples > 0
    page = render(
        "run_report.html.jinja",
        title=title,
        runs=runs,
        series=method_series([run.name for run in runs]),
        num_images=predictions.num_images,
        num_classes=predictions.num_classes,
        num_known=known,
        known_percent=f"{100 * known / labels:.1f} %" if labels else "-",
        facts=fact_table(runs),
        settings=setting_table(runs),
        without_config=listed([run.name for run in runs if not run.facts.settings], 20),
        metrics=metrics_table(runs),
        threshold_notes=threshold_notes(runs),
        significance=significance_table(runs, num_resamples) if has_bootstrap else None,
        curves=training_curves(runs),
        without_log=listed([run.name for run in runs if not run.log.loss], 20),
        by_frequency=[chart for chart in by_frequency if chart is not None],
        statistics=statistics_charts(runs),
        without_statistics=listed(without_statistics(runs), 20),
        reliability=reliability_chart(runs),
        precision_recall=[precision_recall_chart(runs, index) for index in chosen],
        class_table=class_table(runs, chosen),
        examples=[
            (run.name, example_cards(run, image_of, num_examples, has_pictures))
            for run in (runs if num_examples else ())
        ],
    )
    return str(page)


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
