"""Training, validation and test of one run of a comparison."""

from __future__ import annotations

import json
import multiprocessing
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.hooks import Hook
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

from ....utils.argument_checks import type_name
from ....utils.class_values import write_named_values
from ....utils.files import atomic_write
from ....utils.folder_lock import folder_lock
from ...estimate_class_prior import estimate_class_prior
from .epoch_times import EpochTimesHook, copy_times, run_times
from .finite_run import FinitePredictions, FiniteWeightsHook, name_run
from .run_checkpoints import keep_only, newest_complete_checkpoint, store_thresholds

FINISHED = "finished.json"
#: Seconds in which an earlier call that was told to stop ends.
LOCK_TIMEOUT = 30.0


def train_run(
    folder: str | os.PathLike[str],
    *,
    device: str | None = None,
    class_prior: bool = False,
    trained: str | os.PathLike[str] | None = None,
    on_epoch: Callable[[int], None] = lambda n: None,
) -> None:
    """Train the run of a folder, choose its thresholds on the validation part, and predict the test set.

    A killed call is continued by the same call, from its last epoch. Predictions, thresholds and weights are
    then equal, bit for bit, to those of an unbroken run; on a GPU, this needs ``randomness.deterministic``.

    The folder gets ``epoch_N.pth`` of the last epoch, ``thresholds.json`` if the config has
    ``BestThresholdsHook``, ``val_predictions.npz``, ``predictions.npz``, ``timing.json``, and at the end
    ``finished.json``.

    Args:
        folder: Work directory with a complete ``config.py``.
        device: 'cpu', 'cuda' or 'cuda:N'; None takes the GPU if there is one. On the CPU, the run has one
            thread, so that its results do not depend on the number of cores.
        class_prior: Whether to write the mean predictions over the training images to ``class_prior.json``.
        trained: Folder of a finished run whose config differs only in hooks that act after the last epoch.
            The run starts from its last checkpoint, instead of training the same weights again. The results
            are equal, and the times are those of that training.
        on_epoch: Called with the number of finished epochs, also of those that an earlier call has finished.

    Raises:
        FileNotFoundError: If there is no ``config.py``.
        ValueError: If the config does not train by epochs or lacks data, the device does not exist, or the
            training diverges.
        TimeoutError: If another process trains this run.
    """
    folder = Path(folder).resolve()
    if (folder / FINISHED).is_file():
        return
    if not (folder / "config.py").is_file():
        raise FileNotFoundError(
            "The 'folder' argument of train_run must be a folder with a config.py. Got "
            f"{str(folder)!r} instead."
        )
    with folder_lock(folder, LOCK_TIMEOUT), _on_device(device):
        if (folder / FINISHED).is_file():  # by the process that had the lock
            return
        checkpoint, epoch, sentences = newest_complete_checkpoint(folder)
        if checkpoint is None and trained is not None:
            checkpoint, epoch, _ = newest_complete_checkpoint(Path(trained))
            copy_times(Path(trained), folder)
        cfg = _run_config(folder, checkpoint)
        on_epoch(epoch)
        with DefaultScope.overwrite_default_scope("mmpretrain"), name_run(folder):
            runner = _RunOfFolder.from_cfg(cfg)
            for sentence in sentences:
                runner.logger.warning(sentence)
            _train_and_predict(runner, folder, on_epoch)
        checkpoint = folder / f"epoch_{runner.max_epochs}.pth"
        store_thresholds(checkpoint, folder / "thresholds.json")
        if class_prior:
            write_class_prior(cfg, checkpoint, device)
        with atomic_write(folder / "timing.json") as file:
            json.dump(run_times(folder), file, indent=1)
        keep_only(checkpoint)
        with atomic_write(folder / FINISHED) as file:
            json.dump({"checkpoint": checkpoint.name}, file)


def write_class_prior(cfg: Config, checkpoint: Path, device: str | None = None) -> None:
    """Write the mean predictions over the training images to ``class_prior.json`` beside a checkpoint.

    Args:
        cfg: Config of the run.
        checkpoint: Checkpoint of the last epoch.
        device: As in :func:`train_run`.
    """
    estimate = estimate_class_prior(cfg, checkpoint, device=device or get_device())
    columns = {"class_prior": estimate.class_prior.tolist()}
    write_named_values(checkpoint.parent / "class_prior.json", estimate.class_names, columns)


class _RunOfFolder(Runner):
    """Runner that leaves the ``config.py`` of its work directory as it is."""

    def dump_config(self) -> None:
        pass


class _ReportEpochs(Hook):
    """Hook that reports the number of finished epochs, after the checkpoint has been saved."""

    priority = "LOWEST"

    def __init__(self, on_epoch: Callable[[int], None]) -> None:
        self.on_epoch = on_epoch

    def after_train_epoch(self, runner: Runner) -> None:
        self.on_epoch(runner.epoch + 1)


def _train_and_predict(runner: Runner, folder: Path, on_epoch: Callable[[int], None]) -> None:
    for hook in (EpochTimesHook(), FiniteWeightsHook(), _ReportEpochs(on_epoch)):
        runner.register_hook(hook)
    # The loops are built before the training, which passes the label counts to their metrics.
    loops = {"val_predictions.npz": runner.val_loop, "predictions.npz": runner.test_loop}
    for name, loop in loops.items():
        metric = FinitePredictions(str(folder / name))
        metric.dataset_meta = getattr(loop.dataloader.dataset, "metainfo", None)
        loop.evaluator.metrics.insert(0, metric)
    runner.train()
    for loop in loops.values():
        loop.run()


def _run_config(folder: Path, checkpoint: Path | None) -> Config:
    """Read the config of a run, and set what every run of a comparison has."""
    # Every checkpoint has the text of the config, whose formatting would take seconds if it has long paths.
    path = folder / "config.py"
    cfg = Config(Config.fromfile(path).to_dict(), filename=str(path), format_python_code=False)
    _check_config(cfg, folder)
    cfg.work_dir, cfg.launcher = str(folder), "none"
    # Without a checkpoint, `load_from` of the config stays: it may be a pretrained model.
    cfg.resume = checkpoint is not None
    if checkpoint is not None:
        cfg.load_from = str(checkpoint)
    # MMEngine has one logger and one visualizer per name in a process.
    cfg.experiment_name = f"{folder.name}_{uuid.uuid4().hex[:12]}"
    # How this process starts others; MMEngine warns about a change.
    cfg.setdefault("env_cfg", {}).setdefault("mp_cfg", {})["mp_start_method"] = (
        multiprocessing.get_start_method()
    )
    cfg.train_cfg.val_begin = cfg.train_cfg.val_interval = cfg.train_cfg.max_epochs + 1
    cfg.train_dataloader.persistent_workers = False  # EpochSeedHook cannot seed them in each epoch
    # MMEngine deletes an old checkpoint before it writes the new one, so that two are needed to keep one.
    cfg.setdefault("default_hooks", {})["checkpoint"] = dict(
        type="CheckpointHook", interval=1, by_epoch=True, max_keep_ckpts=2
    )
    hooks = cfg.get("custom_hooks") or []
    if "EpochSeedHook" not in [type_name(hook["type"]) for hook in hooks]:
        cfg.custom_hooks = [*hooks, dict(type="EpochSeedHook", _scope_="mmpretrain")]
    return cfg


def _check_config(cfg: Config, folder: Path) -> None:
    train_cfg: dict[str, Any] = cfg.get("train_cfg") or {}
    is_by_epoch = train_cfg.get("by_epoch") or type_name(train_cfg.get("type", "")) == "EpochBasedTrainLoop"
    if not is_by_epoch or "max_epochs" not in train_cfg:
        raise ValueError(
            f"The config of the run {str(folder)!r} must train by epochs: train_cfg=dict(by_epoch=True, "
            f"max_epochs=...). Got {dict(train_cfg)} instead."
        )
    for name in ("train_dataloader", "val_dataloader", "test_dataloader"):
        if not cfg.get(name):
            raise ValueError(f"The config of the run {str(folder)!r} must have a {name}. Got none instead.")


@contextmanager
def _on_device(device: str | None) -> Iterator[None]:
    """Train on a device: MMEngine itself takes the current GPU, or the CPU if no GPU is visible."""
    found = get_device()
    if device is not None and device.partition(":")[0] != found:
        raise ValueError(
            f"The 'device' argument of train_run must be a device that this process can use. Got {device!r} "
            f"instead, but MMEngine takes {found!r} here. To train on the CPU of a machine with a GPU, set "
            "the environment variable CUDA_VISIBLE_DEVICES= before Python starts."
        )
    if found == "cuda":
        with torch.cuda.device(torch.device(device or "cuda")):
            yield
        return
    num_threads = torch.get_num_threads()
    if found == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(num_threads)
