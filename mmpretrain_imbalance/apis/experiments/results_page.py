"""Page of the results of all experiments, in Markdown, made of their result files only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..comparison.results.compared_metrics import compared_metric
from ..comparison.results.method_differences import SAME
from ..comparison.results.table_formats import escape_markdown
from .experiment_file import planned_cells
from .metric_tables import NO_VALUE, data_tables, interval, markdown_table
from .published_order import DATA, SOURCE, order_rows
from .recipe_bar import RecipeCell, bar_sentences, recipe_cells
from .recipe_choice import RECIPE_METRICS
from .side_by_side import side_by_side_tables

_HEADINGS = {"macro_f1": "macro F1 at 0.5", "macro_f1_chosen": "macro F1 at chosen thresholds"}
_INTRODUCTION = """\
# Results of experiments

<!-- tools/results_page.py made this page. Run it again instead of a change here. -->

Each experiment is a file of `configs/_base_/experiments`, and one command repeats it. All numbers of this
page come from the files in `docs/results`, which have every seed, validation score and interval. The features
of *corel5k* and *clothing_attributes* are those of an EfficientNet-Lite0;
[Recommend a method](recommend_method.md#how-often-it-was-right) has the commands that make them in
`features/corel5k` and `features/clothing_attributes`. [Compare methods](compare_methods.md) explains
settings, metrics, tests and trials.

The command of an experiment continues after a stop, and adds each finished cell, a data set in a setting, to
its file in `docs/results`; the other cells stay. So parts of an experiment can be finished on several
machines: `--base-configs` chooses the data sets, and `--settings` the settings. `--out` writes another file.
An experiment of your own is a file with the same names. This command makes this page again:

```bash
python tools/results_page.py
```

Cells of tables are in percent: mean ± standard deviation over the seeds, then the 95 % interval of the paired
difference from the yardstick. ↑ and ↓ are better and worse than the yardstick after Holm's correction for the
methods of one column. **Bold** is the best method of a column, and all methods that cannot be distinguished
from it. Head, middle and tail are the classes with at least 100, at least 20 and fewer than 20 training
positives.
"""
#: Metrics of the tables with the data sets side by side.
_SIDE_BY_SIDE = ("mAP", "macro_f1_chosen")
_SIDE_BY_SIDE_TEXT = """\
## Data sets side by side

The first row has the values of the yardstick in percent, and the others the differences from it in percentage
points: ↑ and ↓ are better and worse beyond noise, as below; differences without an arrow can be noise.
Experiments differ in their budgets, and a method is compared with the yardstick of its own experiment. Where
that has one seed, arrows are about other test images only, and not about other trainings.
"""


def results_page(contents: Sequence[Mapping[str, Any]], images: Mapping[str, Sequence[str]]) -> str:
    """Return the page.

    Args:
        contents: Content of the result file of each experiment, or its ``experiment_header`` with no cells.
        images: Markdown of the figures of each experiment, by its name.

    Returns:
        The text.
    """
    sections = [_section(content, images) for content in contents]
    return "\n".join([_INTRODUCTION, *_side_by_side(contents), *sections])


def _side_by_side(contents: Sequence[Mapping[str, Any]]) -> list[str]:
    parts = []
    for metric in _SIDE_BY_SIDE:
        for title, table in side_by_side_tables(contents, metric).items():
            parts += [f"**{title}: {_heading(metric)}**\n", table]
    return [_SIDE_BY_SIDE_TEXT, *parts] if parts else []


def _section(content: Mapping[str, Any], images: Mapping[str, Sequence[str]]) -> str:
    parts = [f"## {content['title']}\n", f"{content['description']}\n"]
    parts.append(f"```bash\n{content['command']}\n```\n")
    parts.append(" ".join([_budget(content), *_missing(content)]) + "\n")
    if not content["cells"]:
        return "\n".join(parts)
    if "recipe" in content["figures"]:
        parts += _recipe_tables(content)
    if "ranks" in content["figures"]:
        parts += _order_table(content)
    parts += [f"{image}\n" for image in images.get(content["experiment"], [])]
    if "prior" in content["figures"]:
        parts += _prior_table(content)
    for data in content["data"]:
        metrics = {name: _heading(name) for name in content["metrics"]}
        for title, table in data_tables(content, data, metrics).items():
            parts += [f"**{title}**\n", table]
    parts += _failures(content)
    return "\n".join(parts)


def _heading(metric: str) -> str:
    if metric in _HEADINGS:
        return _HEADINGS[metric]
    heading = compared_metric(metric, "results_page").heading
    return f"mAP {heading}" if metric.startswith("mAP_") else heading


def _budget(content: Mapping[str, Any]) -> str:
    trials, seeds = content["num_trials"], content["num_seeds"]
    of_data: Mapping[str, int] = content.get("num_trials_of_data", {})
    fewer: dict[int, dict[str, None]] = {}  # a dict, because a set has no order
    for cell in content["cells"]:
        for entry in cell["methods"]:
            if entry["num_trials"] < of_data.get(cell["data"], trials):
                fewer.setdefault(entry["num_trials"], {})[entry["method"]] = None
    of_seeds = f"{seeds} seeds"
    if seeds == 1:
        of_seeds = "one seed, so that intervals and marks are about other test images only"
    sentence = f"Yardstick: {content['yardstick']}. Budget: {of_seeds}; "
    if trials == 1:
        return sentence + "every method has its own values (one trial)."
    sentence += f"{trials} trials per method, chosen on a validation part of the training set"
    for number, names in sorted(fewer.items()):
        sentence += f"; {_trials(number)}, because there are no other values, for {', '.join(names)}"
    for data, number in of_data.items():
        sentence += f"; {_trials(number)} on {data}"
    return sentence + "."


def _trials(number: int) -> str:
    return "one trial" if number == 1 else f"{number} trials"


def _missing(content: Mapping[str, Any]) -> list[str]:
    """Return sentences about the code of the cells, and about cells that are not finished."""
    sentences = []
    code = list(
        dict.fromkeys(
            f"{cell['version']}" + (f" (commit {cell['commit']})" if "commit" in cell else "")
            for cell in content["cells"]
            if "version" in cell
        )
    )
    if code:
        sentences.append(f"Version: {', '.join(code)}.")
    done = {(cell["data"], cell["setting"]) for cell in content["cells"]}
    missing = [" ".join(cell) for cell in planned_cells(content["data"]) if cell not in done]
    if not done:
        sentences.append("**No cell is finished yet.**")
    elif missing:
        sentences.append(f"**Not finished yet: {', '.join(missing)}.**")
    partial = [
        f"{cell['data']} {cell['setting']}"
        for cell in content["cells"]
        if set(content["compared_methods"]) - {run["method"] for run in _tried(cell)}
    ]
    if partial:
        sentences.append(f"**Without some of the methods so far: {', '.join(partial)}.**")
    return sentences


def _tried(cell: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*cell["methods"], *cell.get("unfinished", [])]


def _failures(content: Mapping[str, Any]) -> list[str]:
    """Return the runs without results; those with the same reason are one line."""
    seeds: dict[tuple[str, str, str, str], list[str]] = {}
    for cell in content["cells"]:
        for run in cell.get("unfinished", []):
            key = (cell["data"], cell["setting"], run["method"], escape_markdown(run["reason"]))
            seeds.setdefault(key, []).append(str(run["seed"]))
    lines = [
        f"- {data} {setting} {method}, seed{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}: {reason}\n"
        for (data, setting, method, reason), numbers in seeds.items()
    ]
    return ["Runs without results:\n", "".join(lines)] if lines else []


def _recipe_tables(content: Mapping[str, Any]) -> list[str]:
    rows = {_heading(metric): recipe_cells(content["cells"], metric) for metric in RECIPE_METRICS}
    if not any(rows.values()):
        return ["No cell has a variant of the recipe and a single method yet.\n"]
    parts = [" ".join(bar_sentences(rows, len(planned_cells(content["data"])))) + "\n"]
    parts.append(
        "*Recipe* and *single* are the methods with the best mean validation score. The interval is the "
        "paired 95 % interval over the seeds; p and the verdict are after Holm's correction over the cells. "
        "*With images* is the verdict if the test images vary, too. The last two columns are an upper bound: "
        "the single method that is the best on the test set, and the difference from it.\n"
    )
    headings = ["data", "setting", "recipe", "single", "difference", "p", "verdict", "with images"]
    headings += ["best single on test", "difference from it"]
    for metric, cells in rows.items():
        table = markdown_table(headings, map(_recipe_row, cells), num_texts=4)
        parts += [f"**Recipe minus single method, {metric}, percentage points**\n", table]
    return parts


def _recipe_row(cell: RecipeCell) -> list[str]:
    found = (
        NO_VALUE if cell.mean is None else f"{100 * cell.mean:+.1f} {interval(cell.low, cell.high)}".strip()
    )
    verdict = cell.verdict or NO_VALUE
    return [
        *(cell.data, cell.setting, cell.recipe, cell.single, found),
        NO_VALUE if cell.p_holm is None else f"{cell.p_holm:.2g}",
        verdict if verdict in (SAME, NO_VALUE) else f"**{verdict}**",
        cell.verdict_with_images or NO_VALUE,
        cell.best_single,
        NO_VALUE if cell.upper_bound is None else f"{100 * cell.upper_bound:+.1f}",
    ]


def _order_table(content: Mapping[str, Any]) -> list[str]:
    rows = order_rows(content["cells"])
    if not rows:
        return []
    columns = [f"{cell['data']} {cell['setting']}" for cell in content["cells"]]
    headings = ["method", *columns, "mean rank", "rank among the published"]
    headings += [f"{name}, published" for name in DATA] + ["published mean rank"]
    caption = (
        f"mAP in percent, with the rank in brackets. The published figures are those that {SOURCE} list, for "
        "whole networks on other data; methods that are not listed have none. Ranks have no intervals: the "
        "tables below say which differences are larger than the noise.\n"
    )
    return ["**Our order and the published one**\n", caption, markdown_table(headings, rows)]


def _prior_table(content: Mapping[str, Any]) -> list[str]:
    names = list(dict.fromkeys(name for cell in content["cells"] for name in cell.get("priors", {})))
    rows = []
    for cell in content["cells"]:
        row = [cell["data"], cell["setting"]]
        for name in names:
            values = [value for value in cell.get("priors", {}).get(name, []) if value is not None]
            row.append(f"{sum(values) / len(values):.2f}" if values else NO_VALUE)
        rows.append(row)
    if not names:
        return []
    caption = (
        "Spearman's correlation of the mean predictions over the training images with the class frequencies "
        "of all annotated labels, mean over the seeds.\n"
    )
    return [
        "**Quality of the class prior**\n",
        caption,
        markdown_table(["data", "setting", *names], rows, num_texts=2),
    ]
