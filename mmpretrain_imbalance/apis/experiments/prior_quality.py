"""Quality of class priors: rank correlation of mean predictions with the true class frequencies."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from mmengine.config import Config
from mmengine.runner import find_latest_checkpoint

from ...utils.class_values import read_named_values
from ..comparison.results.compared_run import ComparedRun
from ..comparison.run_job import PRIOR_FILE
from ..comparison.runs.train_run import write_class_prior
from ..estimate_class_prior import spearman_correlation


def prior_correlations(runs: Sequence[ComparedRun], class_names: Sequence[str]) -> list[float | None]:
    """Return Spearman's correlation of the class prior of each run with the true class frequencies.

    The prior is the mean prediction over the training images, the estimate of Ben-Baruch et al. (CVPR 2022).
    The true frequencies are those of the training set as annotated, before a simulation hides labels.

    Args:
        runs: Finished runs of one method, one per seed.
        class_names: Names of the classes, in the order of ``training_positives``.

    Returns:
        The correlation of each run; None if all priors or all frequencies are equal.
    """
    found: list[float | None] = []
    for run in runs:
        path = run.folder / PRIOR_FILE
        if not path.exists():
            checkpoint = find_latest_checkpoint(str(run.folder))
            write_class_prior(Config.fromfile(run.folder / "config.py"), run.folder / str(checkpoint))
        prior = np.array(read_named_values(path, "class_prior", class_names))
        correlation = spearman_correlation(prior, run.training_positives.astype(float))
        found.append(None if math.isnan(correlation) else correlation)
    return found
