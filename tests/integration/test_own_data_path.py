"""From a folder of photographs and a spreadsheet to answers, by three commands and without editing a file."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.apis.project.drawn_photos import CLASSES, draw_photos, draw_table, draw_truth, photo_name
from tests.tools.run_tool import ROOT, run_tool

NUM_IMAGES = 128


def pasted(readme: str, tool: str, cwd: Path) -> list[str]:
    """Return the words of a command of the README after `python`, with patterns replaced as by a shell."""
    (line,) = re.findall(rf"^python (\S*/{tool} .*)$", readme, re.M)
    words: list[str] = []
    for word in shlex.split(line):
        words += sorted(str(path.relative_to(cwd)) for path in cwd.glob(word)) if "*" in word else [word]
    return words


@pytest.mark.slow
def test_three_commands_and_no_edit(tmp_path: Path) -> None:
    truth = draw_truth(NUM_IMAGES)
    draw_photos(tmp_path / "photos", truth)
    draw_table(truth, blank=0.4).to_excel(tmp_path / "labels.xlsx", index=False)
    project = tmp_path / "my project"
    network = ("--model", "timm/test_efficientnet", "--weights", "none", "--image-size", "32")
    schedule = ("--max-epochs", "5", "--batch-size", "8", "--learning-rate", "0.005")
    words = (ROOT / "tools/new_project.py", tmp_path / "labels.xlsx", "--images", tmp_path / "photos")
    printed = run_tool(*words, "--out", project, *network, *schedule)
    assert f"{project}/config.py" in printed

    readme = (project / "README.md").read_text(encoding="utf-8")
    run_tool(*pasted(readme, "train.py", project), cwd=project)
    (best,) = project.glob("work_dirs/best_*.pth")
    stored = load_weights_only(best)["meta"]["thresholds"]
    assert stored["classes"] == list(CLASSES)

    printed = run_tool(*pasted(readme, "predict.py", project), cwd=project)
    assert "from the checkpoint" in printed
    answers = pd.read_csv(project / "predictions.csv", index_col=0)
    assert sorted(Path(image).name for image in answers.index) == [
        photo_name(row) for row in range(NUM_IMAGES)
    ]
    order = [int(Path(image).stem.removeprefix("photo_")) for image in answers.index]
    # Also the labels that the spreadsheet did not have.
    assert (answers[list(CLASSES)].to_numpy() == truth[order]).mean() > 0.85
