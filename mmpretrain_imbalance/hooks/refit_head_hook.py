"""Hook that refits the linear head after the last epoch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from mmengine.dist import (
    all_gather_object,
    all_reduce,
    broadcast,
    get_rank,
    get_world_size,
    is_main_process,
)
from mmengine.hooks import EMAHook, Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS
from torch import Tensor, nn

from ..datasets.config_datasets import build_split, evaluation_loader, split_config
from ..datasets.dataset_labels import dataset_label_store
from ..datasets.labeled_features import LabeledFeatures
from ..functional.refit import LinearHead, RefitResult, refit_linear_head
from ..models.image_features import image_features
from ..models.last_linear_layer import last_linear_layer
from ..utils.checkpoint_files import write_checkpoint
from ..utils.files import atomic_write
from .label_statistics.setup_checks import is_iteration_based, unwrap_model
from .undisturbed_training import undisturbed_training

_NAME = "RefitHeadHook"


@HOOKS.register_module()
class RefitHeadHook(Hook):
    """Hook that refits the last linear layer after the last epoch, with :func:`refit_linear_head`.

    The refit comes before the checkpoint and the validation of the last epoch: the checkpoint, the metrics,
    the thresholds of :class:`BestThresholdsHook` and all later tests have the refitted head. With an
    ``EMAHook``, the head of the averaged model is refitted, which is the one that is saved and evaluated; the
    weights in training stay as they are.

    The features of all training and validation images are computed once, with the pipeline of the test set.
    Each of R ranks computes every R-th image, and keeps N / R x D x 4 bytes in memory. The heads of all ranks
    are the same. Without ``val_dataloader``, the refit chooses nothing by validation.

    The work directory gets ``refit.json``, with all candidates and the reason of the choice, and
    ``head_before_refit.pth``, the weight and the bias of the trained head. The checkpoint has the choice as
    ``meta['refit']``.

    A run that is resumed from a checkpoint of its last epoch which has no refit, because it was trained
    without this hook, is refitted before anything else, and its ``epoch_N.pth`` is written with the new head.

    A run that ``EarlyStoppingHook`` ends before the last epoch has no refit, because its checkpoint is
    already written; ``tools/refit_head.py`` refits the checkpoint. An error while writing a file is logged.

    Raises:
        ValueError: Before the first step, if the run trains by iterations, the config has no test pipeline,
            or the model does not end with one linear layer.
    """

    # After EMAHook and SyncBuffersHook, and before CheckpointHook.
    priority = "LOW"

    def __init__(self) -> None:
        self._layer: str | None = None
        self._meta: dict[str, Any] | None = None
        self.result: RefitResult | None = None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        self._meta = checkpoint.get("meta", {}).get("refit")

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        if self._meta is not None:
            checkpoint["meta"]["refit"] = self._meta

    def before_train(self, runner: Runner) -> None:
        if is_iteration_based(runner):
            raise ValueError(
                f"A run with {_NAME} must train by epochs, because it refits the head after the last epoch. "
                "Got by_epoch=False instead. Set train_cfg=dict(by_epoch=True, max_epochs=...), or refit the "
                "checkpoint with tools/refit_head.py."
            )
        split_config(runner.cfg, "train", _NAME)
        self._layer = self.result = None
        is_trained = runner.epoch >= runner.max_epochs
        if is_trained and self._meta is None:
            self._refit_trained(runner)
        elif not is_trained:  # the weights may come from a checkpoint of another training, with its refit
            self._meta = None

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Find the layer in the first step, so that no training is lost."""
        if self._layer is None:
            model = unwrap_model(runner.model)
            with undisturbed_training(model):
                self._layer = last_linear_layer(model, data_batch["inputs"][:4])

    def after_train_epoch(self, runner: Runner) -> None:
        if self.is_last_train_epoch(runner):
            self._refit(runner)

    def _refit_trained(self, runner: Runner) -> None:
        """Refit the head of a run without further epochs, and replace its checkpoint."""
        model = _saved_model(runner)
        with undisturbed_training(model):
            dataset = build_split(runner.cfg, "train", _NAME)
            batch = next(iter(evaluation_loader(runner.cfg, dataset, np.arange(min(4, len(dataset))))))
            self._layer = last_linear_layer(model, batch["inputs"])
        self._refit(runner)
        name, part = f"epoch_{runner.epoch}.pth", f"epoch_{runner.epoch}.pth.part"
        meta = dict(epoch=runner.epoch, iter=runner.iter)
        runner.save_checkpoint(runner.work_dir, part, meta=meta, by_epoch=True)
        if is_main_process():
            folder = Path(runner.work_dir)
            (folder / part).replace(folder / name)
            with atomic_write(folder / "last_checkpoint") as file:
                file.write(str(folder / name))

    def _refit(self, runner: Runner) -> None:
        model = _saved_model(runner)
        layer = cast(nn.Linear, model.get_submodule(str(self._layer)))
        trained = LinearHead(layer.weight.detach().clone(), layer.bias.detach().clone())
        with undisturbed_training(model):
            train = _features(runner, model, "train", layer)
            has_val = runner.cfg.get("val_dataloader") is not None
            val = _features(runner, model, "val", layer) if has_val else None
        result = refit_linear_head(
            trained,
            train,
            val,
            unknown_as_negative=not train.labels.label_counts().negatives.any(),
            reduce_sum=_sum_over_ranks,
            gather=_gather_from_ranks,
        )
        self.result = result
        self._meta = dict(chosen=result.chosen, reason=result.reason)
        _set_head(layer, result.head)
        runner.logger.info(f"The head is refitted: {result.chosen}. {result.reason}")
        if is_main_process():
            self._write(runner, trained, result)

    def after_train(self, runner: Runner) -> None:
        if self.result is None and getattr(runner.train_loop, "stop_training", False):
            runner.logger.warning(
                f"The head was not refitted, because the training stopped after epoch {runner.epoch}, before "
                f"the last one. tools/refit_head.py refits a checkpoint in {runner.work_dir}."
            )

    def _write(self, runner: Runner, trained: LinearHead, result: RefitResult) -> None:
        folder = Path(runner.work_dir)
        weights = {f"{self._layer}.weight": trained.weight, f"{self._layer}.bias": trained.bias}
        try:
            stored = {name: value.cpu() for name, value in weights.items()}
            write_checkpoint(folder / "head_before_refit.pth", stored)
            with atomic_write(folder / "refit.json") as file:
                json.dump({**result.to_dict(), "iter": runner.iter}, file, indent=1)
        except OSError as error:
            runner.logger.error(
                f"The trained head and refit.json could not be written to {folder}: "
                f"{error.strerror or error}. The run continues with the refitted head."
            )


def _saved_model(runner: Runner) -> BaseModel:
    """Return the model whose weights a checkpoint has: the averaged one of EMAHook, if there is one."""
    for hook in runner.hooks:
        if isinstance(hook, EMAHook):
            return hook.ema_model.module
    return unwrap_model(runner.model)


def _features(runner: Runner, model: BaseModel, split: str, layer: nn.Linear) -> LabeledFeatures:
    """Compute the features of the images of this rank: every R-th one."""
    dataset = build_split(runner.cfg, split, _NAME)
    rows = np.arange(get_rank(), len(dataset), get_world_size())
    features, start = torch.empty(len(rows), layer.in_features), 0
    for batch in evaluation_loader(runner.cfg, dataset, rows):
        computed = image_features(model, batch["inputs"])
        features[start : start + len(computed)] = computed.cpu()
        start += len(computed)
    return LabeledFeatures(features, dataset_label_store(dataset), rows, device=layer.weight.device)


def _sum_over_ranks(values: Tensor) -> Tensor:
    total = values.clone()
    all_reduce(total)
    return total


def _gather_from_ranks(values: Tensor) -> list[Tensor]:
    return [part.to(values.device) for part in all_gather_object(values.cpu())]


@torch.no_grad()
def _set_head(layer: nn.Linear, head: LinearHead) -> None:
    """Set the head of rank 0 on all ranks, whose last digits may differ between kinds of processors."""
    weight, bias = layer.weight.detach(), layer.bias.detach()
    weight.copy_(head.weight)
    bias.copy_(head.bias)
    broadcast(weight)
    broadcast(bias)
