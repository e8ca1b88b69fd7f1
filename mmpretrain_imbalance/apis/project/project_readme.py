"""README of a project: its files, the advice, and the commands that come next."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from ...datasets.label_store.counts import LabelCounts
from ...functional.method_advice import MethodAdvice
from ...utils.shipped_files import shipped_folder

_TEXT = """\
# {title}

Written by new_project from `{table}` and the images in `{images}`.

| part | file | images | known positives | known negatives | unknown labels |
|---|---|---|---|---|---|
{parts}

`config.py` has the settings that you may want to change at the top. `_base_` has the parts that it inherits
from, as they were when the project was made, and `project.json` has the options of the table.

## Method

`{method}`. {reasons}

Then try `{second}`, in a project of its own with the same parts:

```bash
python {tools}/new_project.py {table_path} --images {image_folder} --out {second_folder} --method {second}{options}
```

## Commands

Run them in this folder:

```bash
cd {folder}
```

Train the model. The best checkpoint has the thresholds that were chosen on the validation images, in `work_dirs`:

```bash
python {tools}/train.py config.py
```

Evaluate it{test_note}:

```bash
python {tools}/test.py config.py {checkpoint}
```

Predict the images of a folder, as a table with one column per class:

```bash
python {tools}/predict.py config.py {checkpoint} {image_folder} --wide --out predictions.csv
```

Write a report about the labels, and one about the trained model:

```bash
python {tools}/analysis_tools/label_report.py {train_file} --out labels.html
python {tools}/analysis_tools/report.py work_dirs --out report.html
```

List the known labels that look wrong, and the unknown ones that are worth asking for:

```bash
python {tools}/suspects.py config.py {checkpoint} --out suspects.csv
```

Correct the table, and read it into this project. Images stay in their part, new images are added to one:

```bash
python {tools}/new_project.py {table_path} --images {image_folder} --out . --update
```
"""


def project_readme(
    folder: Path,
    table: str | os.PathLike[str],
    images: str | os.PathLike[str],
    annotation_files: Mapping[str, str],
    counts: Mapping[str, LabelCounts],
    num_images: Mapping[str, int],
    advice: MethodAdvice,
    method: str,
) -> str:
    """Write the README of a project.

    Args:
        folder: Folder of the project.
        table: Path of the table.
        images: Folder of the images.
        annotation_files: File of each part.
        counts: Label counts of each part.
        num_images: Number of images of each part.
        advice: Advice for the method.
        method: The method of the config.

    Returns:
        The text in Markdown.
    """
    rows = [
        f"| {part} | `{file}` | {num_images[part]:,} | {counts[part].positives.sum():,} | "
        f"{counts[part].negatives.sum():,} | {counts[part].unknown.sum():,} |"
        for part, file in annotation_files.items()
    ]
    reasons = " ".join(advice.reasons)
    if method != advice.method:
        reasons = f"The advice for these labels is `{advice.method}`. {reasons}"
    return _TEXT.format(
        title=folder.name,
        table=os.path.abspath(table),
        images=os.path.abspath(images),
        parts="\n".join(rows),
        method=method,
        reasons=reasons,
        second=advice.second,
        folder=shlex.quote(os.path.abspath(folder)),
        tools=shlex.quote(str(shipped_folder("tools"))),
        checkpoint="work_dirs/best_*.pth",
        test_note=" on the test images" if "test" in annotation_files else " on the validation images",
        image_folder=shlex.quote(os.path.abspath(images)),
        table_path=shlex.quote(os.path.abspath(table)),
        train_file=shlex.quote(annotation_files["train"]),
    )
