"""Training and evaluation of one shipped config with MMEngine's Runner, for the demo."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from mmpretrain_imbalance.utils.files import atomic_write

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
#: File with the result of a run; it is written at the end.
RESULT_FILE = "demo_run.json"
METRICS = ("mAP", "macro_f1", "CF1", "recall_rarest", "f1_rarest", "exact_match")


def train_method(
    config: str,
    seed: int,
    work_dir: str,
    class_prior: str | None,
    code: str,
    report_epoch: Callable[[int], None],
) -> None:
    """Train a shipped config with a seed, evaluate it on the test images, and write the result.

    The result has the metrics as fractions, and the contents of the figure: AP per class in percent, training
    counts, and predictions for some images.

    Args:
        config: Path of the config, relative to configs/.
        seed: Seed of the images, the hidden labels, the initial weights and the order of the images.
        work_dir: Folder for checkpoints, logs and the result.
        class_prior: Path of the class prior file, for the configs that need one.
        code: Digest of the code, which is stored with the result.
        report_epoch: Function that is called with the number of finished epochs.
    """
    from mmengine.config import Config
    from mmengine.hooks import Hook
    from mmengine.runner import Runner

    import mmpretrain_imbalance  # noqa: F401
    from mmpretrain_imbalance.apis.config_text import skip_formatting

    class ReportEpochs(Hook):
        def after_train_epoch(self, runner: Runner) -> None:
            report_epoch(runner.epoch + 1)

    cfg = Config.fromfile(CONFIGS / config)
    cfg.work_dir = work_dir
    cfg.experiment_name = f"{Path(work_dir).name}_seed{seed}"
    cfg.log_level = "ERROR"
    # How this process was started; MMEngine warns about a change.
    cfg.env_cfg.mp_cfg.mp_start_method = multiprocessing.get_start_method()
    cfg.randomness = dict(seed=seed)
    # Checkpoints, logs and validation between epochs are not needed: the model is evaluated below.
    cfg.train_cfg.val_interval = cfg.train_cfg.max_epochs + 1
    cfg.default_hooks.logger.interval = 100
    cfg.default_hooks.checkpoint.interval = cfg.train_cfg.max_epochs
    set_seed(cfg.train_dataloader.dataset, seed)
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        loader.dataset.seed = seed
    for metric in cfg.test_evaluator:
        metric.classwise = True
    if class_prior is not None:
        set_class_prior(cfg.model.head.loss, class_prior)

    skip_formatting(cfg)
    runner = Runner.from_cfg(cfg)
    runner.register_hook(ReportEpochs())
    test_loop = runner.test_loop  # built before the training, which passes label counts to its metrics
    runner.train()
    values = {name.split("/")[-1]: value for name, value in test_loop.run().items()}
    counts = next(hook for hook in runner.hooks if type(hook).__name__ == "LabelStatisticsHook").counts
    result = {
        "code": code,
        "metrics": {name: values[name] / 100 for name in METRICS},
        "ap": values["AP_classwise"],
        "positives": counts.positives.tolist(),
        "negatives": counts.negatives.tolist(),
        "examples": predict_examples(runner, counts.positives),
    }
    with atomic_write(Path(work_dir) / RESULT_FILE) as file:
        json.dump(result, file)


def set_seed(dataset: dict, seed: int) -> None:
    """Set the seed in the config of a dataset and in the config of every dataset that it wraps."""
    dataset["seed"] = seed
    if "dataset" in dataset:
        set_seed(dataset["dataset"], seed)


def set_class_prior(loss: dict, path: str) -> None:
    """Set the path of the class prior in every loss of a composition that has a ``class_prior``."""
    if "class_prior" in loss:
        loss["class_prior"] = path
    if "loss" in loss:
        set_class_prior(loss["loss"], path)


@torch.no_grad()
def predict_examples(runner, positives: np.ndarray, num_images: int = 6) -> dict:
    """Predict the first test images that contain one of the three rarest classes."""
    dataset = runner.test_loop.dataloader.dataset
    rarest = np.argsort(positives)[:3]
    found = [index for index in range(len(dataset)) if dataset.get_data_info(index)["gt_score"][rarest].any()]
    chosen = found[:num_images]
    batch = runner.test_loop.dataloader.collate_fn([dataset[index] for index in chosen])
    runner.model.eval()
    samples = runner.model.test_step(batch)
    return {
        "images": [dataset.get_data_info(index)["img"].tolist() for index in chosen],
        "true": [sample.gt_score.nonzero().flatten().tolist() for sample in samples],
        "predicted": [(sample.pred_score >= 0.5).nonzero().flatten().tolist() for sample in samples],
    }
