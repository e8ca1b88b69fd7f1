"""Hook that computes the soft labels of a training set for ``SoftLabelLoss``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from mmengine.dist import (
    all_gather_object,
    broadcast,
    broadcast_object_list,
    get_rank,
    get_world_size,
    is_main_process,
)
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS
from torch import Tensor

from ..datasets.config_datasets import build_split, evaluation_loader, split_config
from ..datasets.dataset_labels import dataset_label_store
from ..functional.method_advice import label_figures
from ..functional.soft_labels import classes_with_both_labels, soft_labels
from ..losses.soft_label_loss import SoftLabelLoss
from ..models.image_features import image_features
from ..models.loss_context_mixin import sample_ids_of
from ..utils.argument_checks import check_integer
from ..utils.array_files import load_array
from ..utils.files import atomic_write
from .label_statistics.setup_checks import is_iteration_based, unwrap_model
from .undisturbed_training import undisturbed_training

_NAME = "SoftLabelsHook"


@HOOKS.register_module()
class SoftLabelsHook(Hook):
    """Hook that computes the soft labels of the unknown elements once, with :func:`soft_labels`.

    Before the first epoch of a :class:`SoftLabelLoss` after its ``warmup_epochs``, each rank computes the
    features of its part of the training images, with the network as it is and the pipeline of the test set.
    Rank 0 computes the soft labels and writes them to ``soft_labels.npy`` in the work directory, float16 of
    shape (N, C); all ranks get the same table. A resumed run that is past this point reads the file, so that
    its soft labels do not change. An error while writing the file is logged.

    If a fixed number of labels of each class is annotated, the fraction of positives among them says nothing
    about all images: the soft labels are then not shifted, and a warning is logged. A loss with
    ``soft_labels`` of its own keeps them.

    Memory on rank 0: the features of all images, and about ten float32 tables of shape (N, C). This is for
    up to about 10^8 elements N C, such as COCO, and not for Open Images.

    Args:
        seed: Seed of the division into folds.

    Raises:
        ValueError: Before training, if there is no SoftLabelLoss, the run trains by iterations, or no
            class has annotated positives and negatives.
        FileNotFoundError: If a resumed run has no ``soft_labels.npy``.
    """

    # After LabelStatisticsHook, which gives the loss the length of the training set.
    priority = "NORMAL"

    def __init__(self, seed: int = 0) -> None:
        check_integer(_NAME, seed=seed)
        self.seed = seed

    def before_train(self, runner: Runner) -> None:
        if is_iteration_based(runner):
            raise ValueError(
                f"A run with {_NAME} must train by epochs. Got by_epoch=False instead. Set "
                "train_cfg=dict(by_epoch=True, max_epochs=...)."
            )
        if not _losses(runner):
            raise ValueError(
                f"A run with {_NAME} must have a SoftLabelLoss. Got none instead. Use the loss of "
                "configs/_base_/methods/soft_label_loss.py, or remove the hook."
            )
        if any(loss.num_images is None for loss in _losses(runner)):
            raise ValueError(
                f"A run with {_NAME} must have a LabelStatisticsHook, which gives the loss the number of "
                "images. Got none instead. Add dict(type='LabelStatisticsHook') to custom_hooks."
            )
        split_config(runner.cfg, "train", _NAME)

    def before_train_epoch(self, runner: Runner) -> None:
        losses = [loss for loss in _losses(runner) if loss.soft_labels is None]
        starting = [loss for loss in losses if loss.warmup_epochs == runner.epoch]
        resumed = [loss for loss in losses if loss.warmup_epochs < runner.epoch and not loss.has_soft_labels]
        if starting:
            table = self._computed(runner, cast(int, starting[0].num_images))
        elif resumed:
            table = self._read(runner)
        for loss in [*starting, *resumed]:
            loss.set_soft_labels(table)

    def _computed(self, runner: Runner, num_rows: int) -> Tensor:
        model = unwrap_model(runner.model)
        with undisturbed_training(model):
            dataset = build_split(runner.cfg, "train", _NAME)
            store = dataset_label_store(dataset)
            labels = torch.from_numpy(store.dense_rows(np.arange(len(store))))
            classes_with_both_labels(labels)  # raises now, on all ranks
            ids, features = _features(runner, model, dataset)
        device = next(model.parameters()).device
        table = torch.full((num_rows, labels.shape[1]), torch.nan, dtype=torch.float16, device=device)
        if is_main_process() and (labels < 0).any():
            matches_prior = self._matches_prior(runner, labels)
            estimated = soft_labels(
                features.to(device), labels.to(device), matches_prior=matches_prior, seed=self.seed
            )
            table[ids.to(device)] = estimated.half()
            found = (~estimated.isnan() & (labels.to(device) < 0)).sum().item()
            runner.logger.info(
                f"{found} of {int((labels < 0).sum())} unknown labels of the training set have a soft label."
            )
        broadcast(table)
        if is_main_process():
            self._write(runner, table)
        return table

    def _matches_prior(self, runner: Runner, labels: Tensor) -> bool:
        counts = ((labels == value).sum(dim=0).numpy() for value in (1, 0, -1))
        fixed_number = label_figures(*counts).fixed_number
        if fixed_number:
            runner.logger.warning(
                "A fixed number of labels of each class is annotated, so that the soft labels are not "
                "shifted to the fraction of positives. They may be too large: choose the weight of "
                "SoftLabelLoss by validation."
            )
        return not fixed_number

    @staticmethod
    def _write(runner: Runner, table: Tensor) -> None:
        path = Path(runner.work_dir) / "soft_labels.npy"
        try:
            with atomic_write(path, "wb") as file:
                np.save(file, table.cpu().numpy())
        except OSError as error:
            runner.logger.error(
                f"The soft labels could not be written to {path}: {error.strerror or error}. Training "
                "continues, but this run cannot be resumed."
            )

    @staticmethod
    def _read(runner: Runner) -> Tensor:
        path = Path(runner.work_dir) / "soft_labels.npy"
        found: list[Any] = [None]  # the table, or the error
        if is_main_process():
            remedy = "Copy it from the work directory of that run, or start a new run."
            try:
                found = [torch.from_numpy(load_array(path))]
            except FileNotFoundError:
                text = f"The file {path} of the run to resume must exist. Got none instead. {remedy}"
                found = [FileNotFoundError(text)]
            except (TypeError, ValueError) as error:
                text = f"The file {path} of the run to resume must be an array. Got {error} instead. {remedy}"
                found = [ValueError(text)]
        broadcast_object_list(found)  # so that all ranks raise
        (table,) = found
        if isinstance(table, Exception):
            raise table
        return cast(Tensor, table)


def _losses(runner: Runner) -> list[SoftLabelLoss]:
    return [module for module in unwrap_model(runner.model).modules() if isinstance(module, SoftLabelLoss)]


def _features(runner: Runner, model: Any, dataset: Any) -> tuple[Tensor, Tensor]:
    """Compute sample ids and features of all images, in the order of the dataset."""
    world_size = get_world_size()
    ids, features = [], []
    for batch in evaluation_loader(runner.cfg, dataset, np.arange(get_rank(), len(dataset), world_size)):
        features.append(image_features(model, batch["inputs"]).float().cpu())
        ids.append(cast(Tensor, sample_ids_of(batch["data_samples"], torch.device("cpu"))))
    parts = all_gather_object((torch.cat(ids), torch.cat(features)))
    all_ids, all_features = (part.new_empty(len(dataset), *part.shape[1:]) for part in parts[0])
    for rank, (part_ids, part_features) in enumerate(parts):
        all_ids[rank::world_size], all_features[rank::world_size] = part_ids, part_features
    return all_ids, all_features
