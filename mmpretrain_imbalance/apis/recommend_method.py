"""Recommendation of a method by cross-validation on the known labels of a training set."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..utils.argument_checks import check_integer
from .comparison.compare_methods import Comparison, base_name
from .comparison.compared_setting import AS_ANNOTATED
from .comparison.comparison_plan import Run, Task
from .comparison.method_config import write_method_config
from .comparison.results.choose_method import choose_method
from .comparison.results.compared_metrics import compared_metric
from .comparison.results.comparison_results import ComparisonResults
from .comparison.run_job import PRIOR_FILE
from .extract_features import extract_features
from .feature_model import RandomWeightsError

_NAME = "recommend_method"
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
        method: Name of the method.
        yardstick: Name of the method that the others were tested against.
        is_better: Whether the method is distinguishable from the yardstick and better; False for the
            yardstick itself.
        rounds: Results of each round, by its name: ``'features'`` and ``'training'``, or one of them.
        config: The config with the method.
    """

    method: str
    yardstick: str
    is_better: bool
    rounds: dict[str, ComparisonResults]
    config: Path


def recommend_method(
    config: str | os.PathLike[str],
    work_dir: str | os.PathLike[str],
    *,
    methods: Sequence[str | os.PathLike[str]] = SHORT_LIST,
    metric: str = "mAP",
    num_folds: int = 5,
    num_repetitions: int = 1,
    num_finalists: int = 2,
    num_final_folds: int = 3,
    checkpoint: str | os.PathLike[str] | None = None,
    use_features: bool = True,
    num_jobs: int = 1,
    devices: Sequence[str] = ("cpu",),
    on_round: Callable[[str, int], None] = lambda name, num_runs: None,
    progress: bool = True,
) -> MethodRecommendation:
    """Compare methods on the training set of a config, and write a config with the best one.

    Every fold of the training set is held out once, and only its known labels are used. In the first round,
    all methods train a linear head on the features of the pretrained backbone, which takes seconds; in the
    second one, the best of them and the yardstick train the whole model. Without pretrained weights there is
    one round, in which all methods train the whole model. The test set is not touched.

    Args:
        config: Path of a config, or of a project of :func:`new_project`.
        work_dir: Folder for all files. The same call continues a stopped one.
        methods: Names of methods, paths of their files, or types of losses. The first one is the yardstick.
        metric: Metric of the choice, such as ``'mAP'`` or ``'macro_f1_chosen'``.
        num_folds: Number of folds K.
        num_repetitions: Number of divisions into folds in the first round.
        num_finalists: Number of methods in the second round, beside the yardstick.
        num_final_folds: Number of folds that are held out in the second round, at most K.
        checkpoint: Checkpoint of the backbone for the features; None for the pretrained weights of the
            config.
        use_features: Whether to have the first round.
        num_jobs: Number of simultaneous runs.
        devices: Devices that the runs share.
        on_round: Called before each round with its name and its number of trainings.
        progress: Whether to show the progress of features and statistics.

    Returns:
        The recommendation.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If an argument is invalid, or no run of a round could be finished.

    Note:
        The cross-validation of this function measures how well the known labels of unseen images are
        predicted. If the annotators looked at some classes or images more often than at others, these labels
        are not those of a random sample. See docs/compare_methods.md for how often the choice was right.
    """
    compared_metric(metric, _NAME)
    check_integer(_NAME, 2, num_folds=num_folds)
    check_integer(
        _NAME,
        1,
        num_repetitions=num_repetitions,
        num_finalists=num_finalists,
        num_final_folds=num_final_folds,
    )
    path, folder = config_path(config), Path(os.path.abspath(work_dir))
    rounds: dict[str, ComparisonResults] = {}
    finalists: Sequence[str | os.PathLike[str]] = methods
    features = _features_config(path, folder, checkpoint, progress) if use_features else None
    common: dict[str, Any] = dict(num_jobs=num_jobs, devices=devices, progress=progress, on_round=on_round)
    final_folds = min(num_final_folds, num_folds)
    if features is None:
        final_folds = num_folds * num_repetitions
    else:
        comparison = Comparison(
            [features],
            methods,
            folder / "features_round",
            num_folds=num_folds,
            num_seeds=num_folds * num_repetitions,
        )
        rounds["features"] = _results("features", comparison, **common)
        names = finalist_names(rounds["features"], metric, num_finalists)
        finalists = [method for method, name in zip(methods, comparison.methods) if name in names]
    if features != path:
        comparison = Comparison(
            [path], finalists, folder / "training_round", num_folds=num_folds, num_seeds=final_folds
        )
        rounds["training"] = _results("training", comparison, **common)
    (setting,) = list(rounds.values())[-1].summary["settings"]
    yardstick = comparison.methods[0]
    chosen = choose_method(setting, yardstick, metric)
    differences = {method["method"]: method["metrics"][metric]["difference"] for method in setting["methods"]}
    is_better = (differences.get(chosen) or {}).get("verdict") == "better"
    target = folder / "config.py"
    write_method_config(
        path,
        comparison.plan.methods[chosen],
        {},
        target,
        f"{chosen}, the recommendation of a cross-validation by {metric}.",
        _class_prior(comparison, chosen, folder),
    )
    return MethodRecommendation(chosen, yardstick, is_better, rounds, target)


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


def finalist_names(results: ComparisonResults, metric: str, num_finalists: int) -> set[str]:
    """Return the yardstick and the methods with the best means.

    Args:
        results: Results of a comparison in one setting.
        metric: Name of the metric.
        num_finalists: Number of methods beside the yardstick.

    Returns:
        Their names.
    """
    (setting,) = results.summary["settings"]
    direction = -1 if compared_metric(metric, _NAME).lower_is_better else 1
    yardstick = results.summary["yardstick"]
    means = {
        method["method"]: direction * method["metrics"][metric]["mean"]
        for method in setting["methods"]
        if method["method"] != yardstick and method["metrics"][metric]["mean"] is not None
    }
    return {yardstick, *sorted(means, key=lambda name: -means[name])[:num_finalists]}


def _features_config(
    path: Path, folder: Path, checkpoint: str | os.PathLike[str] | None, progress: bool
) -> Path | None:
    """Return the config of the features; the given one if it has them, or None without pretrained weights."""
    cfg = Config.fromfile(path)
    if "FeatureDataset" in str(cfg.train_dataloader.to_dict()):
        return path
    # The name of the folder is that of the data in the tables.
    out = folder / "features" / base_name(path)
    try:
        extracted = extract_features(cfg, checkpoint, out=out, splits=("train", "val"), progress=progress)
    except RandomWeightsError:
        return None
    return extracted.config


def _results(
    name: str,
    comparison: Comparison,
    num_jobs: int,
    devices: Sequence[str],
    progress: bool,
    on_round: Callable[[str, int], None],
) -> ComparisonResults:
    on_round(name, len(comparison.plan.methods) * comparison.plan.num_seeds)
    comparison.train(num_jobs, devices)
    return comparison.write_results(None, progress)


def _class_prior(comparison: Comparison, method: str, folder: Path) -> Path | None:
    """Copy the class prior of the first fold for a method that requires one."""
    required = comparison.plan.methods[method].requires.get("class_prior")
    if required is None:
        return None
    task = Task(comparison.plan.data[0], AS_ANNOTATED, required)
    source = comparison.plan.run_folder(Run(task, 0, 0)) / PRIOR_FILE
    if not source.exists():
        return None
    target = folder / PRIOR_FILE
    shutil.copyfile(source, target)
    return target
