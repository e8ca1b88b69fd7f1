"""An experiment whose runs are finished: files with random predictions instead of trainings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from mmpretrain_imbalance.apis.experiments.experiment import Experiment
from mmpretrain_imbalance.functional import label_figures
from tests.apis.comparison.results.compared_runs import write_run

PROTOCOL = Path(__file__).resolve().parents[3] / "configs" / "_base_" / "protocols" / "digits_all_known.py"
DATA = "digits_all_known"
POSITIVES = (200, 50, 12, 3)
#: How closely the predictions of each method follow the labels.
QUALITY = {"bce": 0.4, "weak": 0.5, "refit_a": 1.2, "refit_b": 0.8}
#: Validation score of each method with the seeds 0, 1 and 2.
VALIDATION = {
    "bce": (0.60, 0.50, 0.40),
    "weak": (0.10, 0.60, 0.20),
    "refit_a": (0.50, 0.50, 0.50),
    "refit_b": (0.70, 0.55, 0.56),
}


def drawn_experiment(**arguments) -> Experiment:
    """Return an experiment with four methods and three seeds on digits."""
    variants = {name: {"method": "binary_cross_entropy"} for name in QUALITY}
    fixed = dict(
        name="drawn",
        source="drawn",
        title="Drawn",
        description="Drawn results.",
        data={DATA: ["as_annotated", "rps:0.5"]},
        methods=list(QUALITY),
        yardstick="bce",
        num_seeds=3,
        num_trials=1,
        variants=variants,
        figures=["recipe"],
    )
    return Experiment(**{**fixed, **arguments})


def write_finished_runs(
    work_dir: Path, setting: str, validation: Mapping[str, tuple[float | None, ...]] = VALIDATION
) -> None:
    """Write the files of all runs of a cell into the work folder of an experiment."""
    folder = work_dir / "trials_1" / DATA / setting
    figures = asdict(label_figures(POSITIVES, (100, 200, 300, 397), (100, 150, 88, 0)))
    parts = dict(num_samples=400, num_train=320, annotated_positives=POSITIVES, figures=figures)
    for method, scores in validation.items():
        for seed, score in enumerate(scores):
            run = write_run(folder, method, QUALITY[method], seed=seed, setting=setting, data=DATA)
            (run.folder / "validation.json").write_text(json.dumps({"weighted_mAP": score}))
            of_seed = folder / "parts" / DATA / setting / f"seed_{seed}"
            of_seed.mkdir(parents=True, exist_ok=True)
            (of_seed / "labels.json").write_text(json.dumps(parts))
