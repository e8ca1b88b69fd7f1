"""README of a project: its files, the advice, and the commands that come next."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...datasets.label_store.counts import LabelCounts
from ...functional.method_advice import MethodAdvice
from .command_text import command_text

_TEXT = """\
# {title}

Made by `new_project` from the table `{table}` and the images in `{images}`.

| part | file | known positives | known negatives | unknown labels |
|---|---|---:|---:|---:|
{parts}

`config.py` has the settings that you may want to change at the top. `_base_` has the parts that it inherits
from, as they were when the project was made, and `project.json` has the options of the table.

## Method

`{method}`. {reasons}

## Commands

Run all of them in this folder:

```bash
cd {folder}
```

Train the model. The best checkpoint, in `work_dirs`, contains thresholds that were chosen on the validation
images:

```bash
{train}
```

Evaluate it {test_note}:

```bash
{test}
```

Predict the images of a folder, as a table with one column per class:

```bash
{predict}
```

Write a report about the labels, and one about the trained model:

```bash
{label_report}
{report}
```

List the known labels that look wrong, and the unknown ones that are worth asking for:

```bash
{suspects}
```

Fill in its column `correct`, and read these corrections into the project, or read the corrected table. Images
stay in their part, and new images are added:

```bash
{corrections}
{update}
```

Make a project for the method to try next, `{second}`, with the same parts:

```bash
{second_project}
```
"""
_BEST = "work_dirs/best_*.pth"


def project_readme(
    folder: Path,
    table: str | os.PathLike[str],
    images: str | os.PathLike[str],
    annotation_files: Mapping[str, str],
    counts: Mapping[str, LabelCounts],
    advice: MethodAdvice,
    method: str,
    options: Mapping[str, Any],
) -> str:
    """Write the README of a project.

    Args:
        folder: Folder of the project.
        table: Path of the table.
        images: Folder of the images.
        annotation_files: File of each part.
        counts: Label counts of each part.
        advice: Advice for the method.
        method: The method of the config.
        options: Options with which the project was made.

    Returns:
        The text in Markdown.
    """
    rows = [
        f"| {part} | `{file}` | {counts[part].positives.sum():,} | {counts[part].negatives.sum():,} | "
        f"{counts[part].unknown.sum():,} |"
        for part, file in annotation_files.items()
    ]
    table, images, folder = Path(table).absolute(), Path(images).absolute(), folder.absolute()
    second = advice.method if method != advice.method else advice.second
    again = dict(options, out=folder.with_name(f"{folder.name}-{second}"), method=second)
    return _TEXT.format(
        title=folder.name,
        table=table,
        images=images,
        parts="\n".join(rows),
        method=method,
        reasons=" ".join(advice.reasons)
        if method == advice.method
        else f"The advice for these labels is `{advice.method}`: {' '.join(advice.reasons)}",
        folder=shlex.quote(str(folder)),
        train=command_text("train.py", "config.py"),
        test_note="on the test images" if "test" in annotation_files else "on the validation images",
        test=command_text("test.py", "config.py", _BEST),
        predict=command_text("predict.py", "config.py", _BEST, images, wide=True, out="predictions.csv"),
        label_report=command_text(
            "analysis_tools/label_report.py", annotation_files["train"], out="labels.html"
        ),
        report=command_text("analysis_tools/report.py", "work_dirs", out="report.html"),
        suspects=command_text("suspects.py", "config.py", _BEST, out="suspects.csv"),
        update=command_text("new_project.py", table, out=".", update=True),
        corrections=command_text("new_project.py", "suspects.csv", out=".", update=True),
        second=second,
        second_project=command_text("new_project.py", table, images=images, **again),
    )
