"""Tables of a comparison for readers: one structure for Markdown, LaTeX and the console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .compared_metrics import COMPARED_METRICS, MAIN_METRIC, ComparedMetric
from .method_differences import BETTER, WORSE

NO_VALUE = "-"


@dataclass(frozen=True)
class TableCell:
    """Cell of a table.

    Attributes:
        text: Text or number.
        spread: Standard deviation, which is shown after ±; empty for none.
        mark: 'better' or 'worse' than the yardstick, or empty.
        is_best: Whether the cell belongs to the group of the best, which is bold.
    """

    text: str
    spread: str = ""
    mark: str = ""
    is_best: bool = False


@dataclass(frozen=True)
class ResultTable:
    """Table with a caption and notes in words.

    Attributes:
        title: Title of one line.
        caption: Sentences that belong to the title.
        headings: Headings of the columns; the first column has names.
        rows: The cells of each row.
        notes: Sentences below the table, such as its legend.
        missing: Sentences about results that are missing.
    """

    title: str
    caption: list[str]
    headings: list[str]
    rows: list[list[TableCell]]
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def result_tables(summary: Mapping[str, Any]) -> list[ResultTable]:
    """Return the tables of a comparison: methods of each setting, their chosen values, and ranks.

    Args:
        summary: Content of ``results.json``, see ``ComparisonResults``.

    Returns:
        The tables.
    """
    tables = []
    for setting in summary["settings"]:
        tables.append(_setting_table(setting, summary))
        tables += _chosen_values_table(setting)
    if summary["ranks"]:
        tables.append(rank_table(summary["ranks"]))
    return tables


def ordered_methods(setting: Mapping[str, Any], metric: ComparedMetric) -> list[dict[str, Any]]:
    """Order the methods of a setting, the best mean of a metric first, and methods without a value last.

    Args:
        setting: Entry of ``settings`` of ``results.json``.
        metric: The metric.

    Returns:
        The entries of ``methods``.
    """
    sign = 1 if metric.lower_is_better else -1

    def key(method: Mapping[str, Any]) -> tuple[bool, float, str]:
        mean = method["metrics"][metric.name]["mean"]
        return mean is None, 0 if mean is None else sign * mean, method["method"]

    return sorted(setting["methods"], key=key)


def rank_table(ranks: Mapping[str, Any]) -> ResultTable:
    """Return the table of mean ranks over data and settings.

    Args:
        ranks: Entry ``ranks`` of ``results.json``: results of ``rank_metric`` by metric.

    Returns:
        The table; the group of the method with the best rank is bold.
    """
    metrics = [metric for metric in COMPARED_METRICS if metric.name in ranks and metric.in_tables]
    metrics = metrics or [metric for metric in COMPARED_METRICS if metric.name in ranks]
    names = list(dict.fromkeys(name for metric in metrics for name in ranks[metric.name]["mean_ranks"]))
    rows = []
    for name in names:
        row = [TableCell(name)]
        for metric in metrics:
            found = ranks[metric.name]
            rank = found["mean_ranks"].get(name)
            best = min(found["mean_ranks"], key=found["mean_ranks"].__getitem__)
            members = next((group for group in found["groups"] if best in group), [best])
            row.append(TableCell(NO_VALUE if rank is None else f"{rank:.2f}", is_best=name in members))
        rows.append(row)
    blocks = list(dict.fromkeys(len(ranks[metric.name]["blocks"]) for metric in metrics))
    notes = [
        "Bold: the method with the best mean rank, and the methods whose mean rank is less than the critical "
        "difference away from it (Nemenyi's test, 0.05)."
    ]
    critical = dict.fromkeys(f"{ranks[metric.name]['critical_difference']:.2f}" for metric in metrics)
    notes.append(f"Critical difference: {' or '.join(critical)}.")
    notes.append(f"Friedman's test: {', '.join(_friedman(ranks, metric) for metric in metrics)}.")
    left_out = sorted({name for metric in metrics for name in ranks[metric.name]["left_out"]})
    return ResultTable(
        title="Mean ranks",
        caption=[
            f"Mean ranks over {' or '.join(map(str, blocks))} pairs of data and setting; 1 is the best."
        ],
        headings=["method", *(metric.heading for metric in metrics)],
        rows=rows,
        notes=notes,
        missing=[f"Without a rank, because a result is missing: {', '.join(left_out)}."] if left_out else [],
    )


def _friedman(ranks: Mapping[str, Any], metric: ComparedMetric) -> str:
    p_value = ranks[metric.name]["friedman"]["p"]
    return f"{metric.heading} " + ("has equal ranks" if p_value is None else f"p = {p_value:.2g}")


def _setting_table(setting: Mapping[str, Any], summary: Mapping[str, Any]) -> ResultTable:
    methods = ordered_methods(setting, MAIN_METRIC)
    metrics = [
        metric
        for metric in COMPARED_METRICS
        if metric.in_tables and any(method["metrics"][metric.name]["n"] for method in methods)
    ]
    num_seeds = max((len(method["seeds"]) for method in methods), default=0)
    budgets = sorted({method["num_trials"] for method in methods})
    yardstick = summary["yardstick"]
    rows = []
    for method in methods:
        row = [TableCell(_row_name(method, yardstick, num_seeds))]
        row += [_cell(method["metrics"][metric.name]) for metric in metrics]
        row += [TableCell(str(method["num_trials"]))] if len(budgets) > 1 else []
        rows.append(row)
    headings = ["method", *(metric.heading for metric in metrics)]
    caption = []
    if methods:
        folds = summary.get("num_folds")
        unit, of = ("seed", "") if folds is None else ("fold", f" of a cross-validation with {folds} folds")
        statistic = f"mean ± standard deviation over {num_seeds} {unit}s" if num_seeds > 1 else f"one {unit}"
        statistic += of
        images = " or ".join(f"{number:,}" for number in setting["test_images"])
        caption = [f"Percent, {statistic}, {images} test images.", _tuning(budgets)]
    return ResultTable(
        title=f"{setting['data']}, {setting['setting']}",
        caption=caption,
        headings=headings + (["trials"] if len(budgets) > 1 else []),
        rows=rows,
        notes=_notes(setting, methods, metrics, summary, num_seeds),
        missing=_missing(setting),
    )


def _row_name(method: Mapping[str, Any], yardstick: str, num_seeds: int) -> str:
    name, seeds = method["method"], len(method["seeds"])
    name += " (yardstick)" if name == yardstick else ""
    return name + (f" ({seeds} of {num_seeds} seeds)" if seeds < num_seeds else "")


def _cell(found: Mapping[str, Any]) -> TableCell:
    if found["mean"] is None:
        return TableCell(NO_VALUE)
    verdict = (found["difference"] or {}).get("verdict")
    return TableCell(
        f"{100 * found['mean']:.1f}",
        "" if found["sd"] is None else f"{100 * found['sd']:.1f}",
        verdict if verdict in (BETTER, WORSE) else "",
        bool(found["in_best_group"]),
    )


def _tuning(budgets: Sequence[int]) -> str:
    if budgets == [1]:
        return "All methods have their default values (one trial)."
    if len(budgets) == 1:
        return f"Each method has {budgets[0]} trials, chosen on a validation part of the training set."
    return (
        "The column 'trials' has the trials of each method, chosen on a validation part of the training set."
    )


def _notes(
    setting: Mapping[str, Any],
    methods: Sequence[Mapping[str, Any]],
    metrics: Sequence[ComparedMetric],
    summary: Mapping[str, Any],
    num_seeds: int,
) -> list[str]:
    """Return the legend of the marks and of the headings."""
    notes, names = [], {metric.name for metric in metrics}
    found = [method["metrics"][metric.name] for method in methods for metric in metrics]
    differences = [item["difference"] for item in found if item["difference"] is not None]
    tested = [difference for difference in differences if difference["verdict"] is not None]
    if tested:
        compared = max(
            sum(
                (method["metrics"][metric.name]["difference"] or {}).get("p") is not None
                for method in methods
            )
            for metric in metrics
        )
        notes.append(
            f"↑ better, ↓ worse than {summary['yardstick']}: p at most {summary['significance']:g} after "
            f"Holm's correction for {compared} comparison{'s' if compared > 1 else ''}."
        )
    if any(item["in_best_group"] is not None for item in found):
        notes.append("Bold: the method with the best mean, and all that cannot be distinguished from it.")
    untested = [metric.heading for metric in metrics if metric.name in ("AUROC", "calibration_error")]
    if (tested or notes) and untested:
        notes.append(f"No test: {' and '.join(untested)}.")
    if tested and num_seeds > 1 and summary.get("num_folds") is not None:
        notes.append(
            "The variance over the folds is corrected for their common training images (Nadeau and Bengio, "
            "2003)."
        )
    if methods and num_seeds == 1:
        notes.append(
            "The variation between trainings was not measured, because there is only one seed"
            + (": marks and bold are about other test images only." if notes else ".")
        )
    if methods and summary["yardstick"] not in [method["method"] for method in methods]:
        notes.append(f"The yardstick {summary['yardstick']} has no results here.")
    return notes + _headings_in_words(names, setting, summary)


def _headings_in_words(names: set[str], setting: Mapping[str, Any], summary: Mapping[str, Any]) -> list[str]:
    notes = []
    if names & {"mAP_head", "mAP_middle", "mAP_tail"}:
        low, high = summary["group_thresholds"]
        groups = (
            "as the dataset defines them"
            if setting["groups_of_dataset"]
            else f"with at least {high:g}, at least {low:g} and fewer than {low:g} training positives"
        )
        notes.append(f"Head, middle, tail: mAP of the classes {groups}.")
    if "mAP_rarest" in names:
        notes.append(f"Rarest: mAP of the {summary['num_rarest']} rarest classes.")
    if "macro_f1_chosen" in names:
        notes.append("F1: macro F1 at the threshold 0.5, and at thresholds chosen on validation images.")
    if "top1" in names:
        notes.append(
            "Top-1: images whose class has the highest score; for a group, the mean of this over its classes."
        )
    if "calibration_error" in names:
        notes.append("ECE: expected calibration error, lower is better.")
    return notes


def _missing(setting: Mapping[str, Any]) -> list[str]:
    by_reason: dict[tuple[str, str], list[str]] = {}
    for run in setting["unfinished"]:
        key = (run["method"], " ".join(run["reason"].split()))
        by_reason.setdefault(key, []).append(str(run["seed"]))
    return [
        f"No result: {method}, seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)} ({reason})."
        for (method, reason), seeds in by_reason.items()
    ]


def _chosen_values_table(setting: Mapping[str, Any]) -> list[ResultTable]:
    """Return the table of the values that tuning chose; no table if all values are the default ones."""
    rows = []
    for method in ordered_methods(setting, MAIN_METRIC):
        seeds_by_values: dict[str, list[str]] = {}
        for trial in method["chosen"]:
            text = ", ".join(f"{key} = {value}" for key, value in trial["values"].items())
            seeds_by_values.setdefault(text or "default values", []).append(str(trial["seed"]))
        for text, seeds in seeds_by_values.items():
            rows.append([TableCell(method["method"]), TableCell(", ".join(seeds)), TableCell(text)])
    if not any(trial["values"] for method in setting["methods"] for trial in method["chosen"]):
        return []
    title = f"{setting['data']}, {setting['setting']}: chosen values"
    return [ResultTable(title, [], ["method", "seeds", "chosen values"], rows)]
