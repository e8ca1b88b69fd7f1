"""Recommendation of a method by cross-validation on the known labels of a training set."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..datasets.config_datasets import split_config
from ..utils.argument_checks import check_integer, type_name
from ..utils.files import atomic_write
from .comparison.compare_methods import Comparison, base_name
from .comparison.compared_method import read_method
from .comparison.compared_setting import AS_ANNOTATED
from .comparison.comparison_plan import Run, Task
from .comparison.method_config import write_method_config
from .comparison.results.choose_method import best_methods, choose_method, comparable_means, verdict
from .comparison.results.compared_metrics import MAIN_METRIC
from .comparison.results.comparison_results import ComparisonResults
from .comparison.run_job import PRIOR_FILE
from .extract_features import extract_features
from .feature_model import RandomWeightsError

_NAME = "recommend_method"
#: Metric of the choice. A choice by F1 was not better than always taking class weights, see
#: docs/recommend_method.md.
METRIC = MAIN_METRIC.name
#: Methods that are compared unless others are given. The first one is the yardstick.
SHORT_LIST = (
    "binary_cross_entropy",
    "assume_negative_loss",
    "statistics_balanced_loss",
    "class_aware_selective_loss",
    "partial_label_masking_loss",
    "partial_asymmetric_loss",
)


@dataclass(frozen=True)
class MethodRecommendation:
    """Method that a cross-validation recommends.

    Attributes:
        method: Name of the method: the best mean of the last round.
        yardstick: Name of the method that the others were tested against.
        verdict: ``'better'`` or ``'not distinguishable'`` than the yardstick; None for the yardstick itself,
            and if the difference could not be tested.
        rounds: Results of each round, by its name: ``'features'`` and ``'training'``, or one of them.
        config: The config with the method.
    """

    method: str
    yardstick: str
    verdict: str | None
    rounds: dict[str, ComparisonResults]
    config: Path


def recommend_method(
    config: str | os.PathLike[str],
    work_dir: str | os.PathLike[str],
    *,
    methods: Sequence[str | os.PathLike[str]] = SHORT_LIST,
    num_folds: int = 5,
    num_repetitions: int = 1,
    num_finalists: int = 2,
    num_final_folds: int = 3,
    checkpoint: str | os.PathLike[str] | None = None,
    use_features: bool = True,
    cfg_options: Mapping[str, Any] | None = None,
    num_jobs: int = 1,
    devices: Sequence[str] = ("cpu",),
    on_round: Callable[[str, int], None] = lambda name, num_runs: None,
    progress: bool = True,
) -> MethodRecommendation:
    """Compare methods on the training set of a config, and write a config with the best one.

    Folds of the training set are held out, and only its known labels count. In the first round, all methods
    train a linear head on the features of the pretrained backbone, which takes seconds; in the second one,
    the best of them and the yardstick train the whole model. There is one round in which all methods train
    the whole model if the config has no pretrained weights, and one round on features if its data are
    features. The validation set and the test set are not read. If the labels have no negatives, unknown ones
    of the held-out images count as negatives.

    Args:
        config: Path of a config, or of a project of :func:`new_project`.
        work_dir: Folder for all files. The same call continues a stopped one.
        methods: Names of methods, paths of their files, or types of losses. The first one is the yardstick.
        num_folds: Number of folds K.
        num_repetitions: Number of divisions into folds in the first round.
        num_finalists: Number of methods in the second round, beside the yardstick.
        num_final_folds: Number of folds that are held out in the second round, at most K.
        checkpoint: Checkpoint of the backbone for the features; None for the pretrained weights of the
            config.
        use_features: Whether to have the first round if it is possible.
        cfg_options: Settings of the config for the trainings of its model, by dotted key, such as a smaller
            number of epochs. The written config does not have them.
        num_jobs: Number of simultaneous runs.
        devices: Devices that the runs share.
        on_round: Called before each round with its name and its number of trainings.
        progress: Whether to show the progress of features and statistics.

    Returns:
        The recommendation. Its config is ``METHOD.py`` in ``work_dir``.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If an argument is invalid, no run has an average precision, or no run of a round
            could be finished. The failure of single runs raises no error: the results list them.

    Note:
        The cross-validation measures how well the known labels of unseen images are predicted. If the
        annotators looked at some classes or images more often than at others, these labels are not those of
        a random sample. docs/recommend_method.md says how often the choice was right.
    """
    check_integer(_NAME, 2, num_folds=num_folds)
    check_integer(_NAME, 1, num_repetitions=num_repetitions, num_finalists=num_finalists)
    check_integer(_NAME, 1, num_final_folds=num_final_folds)
    path, folder = config_path(config), Path(os.path.abspath(work_dir))
    for method in methods:
        read_method(method)  # before the features, which take longer
    features = _features(path, folder, checkpoint, cfg_options, progress) if use_features else None
    rounds: dict[str, ComparisonResults] = {}
    finalists, num_runs = methods, num_folds * num_repetitions

    def run_round(name: str, base: Path, num_seeds: int, options: Mapping[str, Any] | None) -> Comparison:
        comparison = Comparison(
            [base],
            finalists,
            folder / f"{name}_round",
            num_folds=num_folds,
            num_seeds=num_seeds,
            cfg_options=options,
        )
        on_round(name, len(comparison.plan.methods) * num_seeds)
        comparison.train(num_jobs, devices)
        rounds[name] = comparison.write_results(None, progress)
        _check_means(_setting(rounds[name]))
        return comparison

    if features is not None:
        comparison = run_round("features", features, num_runs, cfg_options if features == path else None)
        yardstick = comparison.methods[0]
        best = best_methods(_setting(rounds["features"]), yardstick, METRIC, num_finalists)
        finalists = [
            method for method, name in zip(methods, comparison.methods) if name == yardstick or name in best
        ]
        num_runs = min(num_final_folds, num_folds)
    if features != path:
        comparison = run_round("training", path, num_runs, cfg_options)
    yardstick, last = comparison.methods[0], _setting(list(rounds.values())[-1])
    chosen = choose_method(last, yardstick, METRIC)
    target = folder / f"{chosen}.py"
    comment = f"{chosen}, which tools/recommend_method.py recommends by {METRIC} in a cross-validation."
    write_method_config(
        path, comparison.plan.methods[chosen], target, comment, _class_prior(comparison, chosen, folder)
    )
    return MethodRecommendation(chosen, yardstick, verdict(last, chosen, METRIC), rounds, target)


def config_path(config: str | os.PathLike[str]) -> Path:
    """Return the path of a config; a folder is a project, whose config is ``config.py``.

    Args:
        config: Path of a config or of a project.

    Raises:
        FileNotFoundError: If there is none.
    """
    path = Path(config)
    path = path / "config.py" if path.is_dir() else path
    if not path.is_file():
        raise FileNotFoundError(
            f"The 'config' argument of {_NAME} must be a config file, or a folder with a config.py. Got "
            f"{os.fspath(config)!r} instead."
        )
    return path


def _features(
    path: Path,
    folder: Path,
    checkpoint: str | os.PathLike[str] | None,
    cfg_options: Mapping[str, Any] | None,
    progress: bool,
) -> Path | None:
    """Return the config of the features; the given one if it has them, or None without pretrained weights."""
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(dict(cfg_options or {}))
    dataset = split_config(cfg, "train", _NAME)
    if "FeatureDataset" in _types(dataset):
        return path
    # The features of one split train nothing. The training set is both splits, so that no other set is read.
    cfg.train_dataloader.dataset = dataset
    cfg.val_dataloader = cfg.test_dataloader = dict(cfg.test_dataloader, dataset=dataset)
    # The name of the folder is that of the data in the tables.
    out = folder / "features" / base_name(path)
    try:
        return extract_features(cfg, checkpoint, out=out, splits=("train", "val"), progress=progress).config
    except RandomWeightsError:
        return None


def _types(dataset: Mapping[str, Any]) -> set[str]:
    """Return the types of a dataset and of the datasets that it wraps."""
    nested = [*dataset.get("datasets", []), *([dataset["dataset"]] if "dataset" in dataset else [])]
    return {type_name(dataset["type"])}.union(*map(_types, nested))


def _setting(results: ComparisonResults) -> dict[str, Any]:
    (setting,) = results.summary["settings"]
    found: dict[str, Any] = setting
    return found


def _check_means(setting: Mapping[str, Any]) -> None:
    if not comparable_means(setting, METRIC):
        raise ValueError(
            f"The 'config' argument of {_NAME} must have a class with a known positive and a known negative "
            "in the held-out images. Got none in any fold instead. Use fewer folds."
        )


def _class_prior(comparison: Comparison, method: str, folder: Path) -> Path | None:
    """Copy a class prior for a method that requires one, from the first run that has it."""
    required = comparison.plan.methods[method].requires.get("class_prior")
    if required is None:
        return None
    task, target = Task(comparison.plan.data[0], AS_ANNOTATED, required), folder / PRIOR_FILE
    for seed in range(comparison.plan.num_seeds):
        source = comparison.plan.run_folder(Run(task, seed, 0)) / PRIOR_FILE
        if source.exists():
            with atomic_write(target, "wb") as file:
                file.write(source.read_bytes())
            return target
    return None
