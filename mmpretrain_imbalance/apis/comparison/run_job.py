"""Work of one process of a comparison: the parts of a training set, or one run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.runner import find_latest_checkpoint

from ...functional import average_precision, mean_average_precision
from ...metrics.known_predictions import KnownPredictions
from ...utils.files import atomic_write
from ..config_text import config_text, is_text_of_config
from .compared_method import ComparedMethod
from .compared_setting import ComparedSetting
from .data_parts import read_data_parts, write_data_parts
from .run_config import run_config
from .runs.train_run import train_run, write_class_prior

#: File with the score of a run on its validation part; a run that has it is complete.
SCORE_FILE = "validation.json"
PRIOR_FILE = "class_prior.json"
#: File with the reason why the last attempt of a job has failed.
FAILURE_FILE = "failure.txt"


def prepare_parts(
    base: str,
    setting: ComparedSetting,
    seed: int,
    folder: Path,
    val_fraction: float,
    num_folds: int | None,
    on_step: Callable[[int], None],
) -> None:
    """Divide a training set into its parts.

    Args:
        base: Path of the base config.
        setting: The setting.
        seed: The seed.
        folder: Folder for the parts.
        val_fraction: Fraction of the validation part.
        num_folds: Number of folds; None if the config has a test set.
        on_step: Function that is called with the number of finished steps.
    """
    write_data_parts(Config.fromfile(base), setting, seed, folder, val_fraction, num_folds)
    on_step(1)


def train_and_score(
    base: str,
    method: ComparedMethod,
    setting: ComparedSetting,
    seed: int,
    changes: Mapping[str, Any],
    parts_folder: Path,
    class_prior: Path | None,
    estimates_prior: bool,
    folder: Path,
    trained: Path | None,
    on_step: Callable[[int], None],
) -> None:
    """Train a run, or continue it, and compute its score on the validation part.

    Args:
        base: Path of the base config.
        method: The method.
        setting: The setting.
        seed: The seed.
        changes: Values of the trial.
        parts_folder: Folder of the parts of the training set.
        class_prior: Class prior that the run uses.
        estimates_prior: Whether another method requires the class prior of this run.
        folder: Folder of the run.
        trained: Folder of a finished run with the same training, which is continued; None to train.
        on_step: Function that is called with the number of finished epochs.

    Raises:
        ValueError: If the folder has a run with another config.
    """
    parts = read_data_parts(parts_folder)
    cfg = run_config(Config.fromfile(base), method, setting, seed, changes, parts, class_prior)
    _write_config(cfg, folder / "config.py")
    train_run(folder, class_prior=estimates_prior, trained=trained, on_epoch=on_step)
    if estimates_prior and not (folder / PRIOR_FILE).exists():  # nobody required it when the run ended
        write_class_prior(cfg, Path(str(find_latest_checkpoint(str(folder)))))
    score = validation_score(KnownPredictions.load(folder / "val_predictions.npz"))
    with atomic_write(folder / SCORE_FILE) as file:
        json.dump({"weighted_mAP": None if np.isnan(score) else score}, file)


def validation_score(predictions: KnownPredictions) -> float:
    r"""Return the score that chooses a trial.

    .. math:: \frac{\sum_c \sqrt{n_c} \, \mathrm{AP}_c}{\sum_c \sqrt{n_c}}

    with the :math:`n_c` known positives of a class. The average precision of a class with few positives is
    noisy, and a choice by the plain mean would follow the noise.

    Args:
        predictions: Predictions of the validation part.

    Returns:
        The score; NaN if no class has a known positive and a known negative.
    """
    classes, labels = predictions.classes, predictions.labels
    values = average_precision(predictions.scores, labels, classes, num_classes=predictions.num_classes)
    positives = np.bincount(classes[labels == 1], minlength=predictions.num_classes)
    return mean_average_precision(values, weights=np.sqrt(positives))


def _write_config(cfg: Config, path: Path) -> None:
    if not path.exists():
        with atomic_write(path) as file:
            file.write(config_text(cfg))
    elif not is_text_of_config(path, cfg):
        raise ValueError(
            "The 'work_dir' argument of compare_methods must be a new folder, or one whose runs have the "
            f"same configs. Got {str(path)!r} with other settings instead: the file of the method, of the "
            "setting or of the package has changed. Choose another folder, or remove the folder of this run."
        )
