"""Data preprocessor that makes an (N, C) label tensor of the samples of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmpretrain.models.utils import ClsDataPreprocessor
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmpretrain_imbalance.models.batch_labels import (
    batch_labels,
    has_labels,
    has_unknown_labels,
    have_hard_dtypes,
    known_positives,
    sample_name,
)
from mmpretrain_imbalance.models.unknown_label_support import (
    modules_around,
    unsupported_augmentation,
    unsupported_loss,
)
from mmpretrain_imbalance.utils.argument_checks import check_choice


@MODELS.register_module()
class PartialLabelDataPreprocessor(ClsDataPreprocessor):
    """MMPretrain's ``ClsDataPreprocessor`` for labels 1 (positive), 0 (negative) and -1 (unknown).

    Images are processed as in MMPretrain. Labels become one dense float32 tensor (N, C) on the device, which
    is validated once. The ``gt_score`` of each sample is a row of it: a view, so copy it to keep it longer
    than the batch. ``labels_are_hard`` in the metainfo of a sample informs the heads of this package that no
    label is soft, so they need not read the values.

    Samples may have sparse labels, one label per class or MMPretrain's indices of the positives, also of
    different kinds in one batch; see :func:`batch_labels`. Labels
    are optional in test. In validation and test, samples also have ``gt_label``, the indices of the known
    positives, which MMPretrain's visualizer and analysis tools read. It does not distinguish negative from
    unknown classes.

    MMPretrain's batch augmentations average the -1 of unknown labels with other labels, so ``Mixup`` and
    ``CutMix`` raise an error for a batch with an unknown label: use ``PartialLabelMixup`` and
    ``PartialLabelCutMix``. A custom augmentation that handles unknown labels must have the attribute
    ``keeps_unknown = True``.

    The losses of MMPretrain compute with the number -1. Before training, ``LabelStatisticsHook`` and the
    tools of this package check that all losses of the model support unknown labels. In a run without them,
    this class checks the losses of its model at the first training batch, and raises at the first batch with
    unknown labels.

    Args:
        num_classes: Number of classes; ``LabelStatisticsHook`` takes it from the training set. Without the
            hook, it is required if the samples do not contain it.
        to_onehot: Must be True, for compatibility with configs of MMPretrain. The labels are always a dense
            tensor.
        unknown_labels: ``'raise'`` raises an error if a loss of the model does not support unknown labels and
            the training set has some; ``'allow'`` does not, for a loss of your own that handles -1.
        channels_last: Whether to give the images to the model in the ``channels_last`` memory format, which
            its convolutions keep. The values are the same. It is faster for many networks, on a CPU and with
            mixed precision on a GPU.
        **kwargs: ``mean``, ``std``, ``pad_size_divisor``, ``pad_value``, ``to_rgb`` and ``batch_augments`` of
            MMPretrain's ``ClsDataPreprocessor``.

    Raises:
        ValueError: If ``num_classes`` is not a positive integer, ``to_onehot`` is False, or
            ``unknown_labels`` is neither of the two values.

    Example:
        >>> import torch
        >>> sample = DataSample(gt_label_indices=torch.tensor([0, 2]), gt_label_values=torch.tensor([1, 0]))
        >>> preprocessor = PartialLabelDataPreprocessor(num_classes=4)
        >>> batch = preprocessor(dict(inputs=[torch.zeros(3, 8, 8)], data_samples=[sample]), training=True)
        >>> batch['data_samples'][0].gt_score
        tensor([ 1., -1.,  0., -1.])
    """

    def __init__(
        self,
        num_classes: int | None = None,
        to_onehot: bool = True,
        unknown_labels: str = "raise",
        channels_last: bool = False,
        **kwargs: Any,
    ) -> None:
        if num_classes is not None and (not isinstance(num_classes, int) or num_classes < 1):
            raise ValueError(
                f"The 'num_classes' argument of PartialLabelDataPreprocessor must be a positive integer "
                f"or None. Got {num_classes!r} instead."
            )
        if not to_onehot:
            raise ValueError(
                "The 'to_onehot' argument of PartialLabelDataPreprocessor must be True: the labels are "
                "always a dense (N, C) tensor. Got False instead."
            )
        check_choice("PartialLabelDataPreprocessor", ("raise", "allow"), unknown_labels=unknown_labels)
        super().__init__(num_classes=num_classes, to_onehot=True, **kwargs)
        self.unknown_labels = unknown_labels
        self.channels_last = channels_last
        #: Whether the losses of the model need no check in training; the hook sets it before training.
        self.losses_are_checked = unknown_labels == "allow"
        self._unsupported_loss: str | None = None
        augments = () if self.batch_augments is None else self.batch_augments.augments
        self._unsupported_augmentation = unsupported_augmentation(
            augments, "a training batch has unknown labels"
        )
        # ClsDataPreprocessor does not pass this argument on to MMEngine's class. It lets the copy of images
        # in pinned memory overlap with the previous step on the device.
        self._non_blocking = True

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Prepare a batch.

        Args:
            data: ``inputs``, a tensor or a list of images, and ``data_samples``, which are optional in
                inference.
            training: Whether to apply batch augmentations and require labels.

        Returns:
            ``inputs`` of shape (N, 3, H, W) and the same ``data_samples``, with ``gt_score`` and, unless
            training, ``gt_label``.

        Raises:
            ValueError: If a label is wrong, the number of classes differs, a training sample has no labels,
                a loss does not support unknown labels, or a batch augmentation would mix them.
        """
        samples = data.get("data_samples")
        if samples is not None and not all(isinstance(sample, DataSample) for sample in samples):
            return super().forward(data, training)  # multi-task samples
        # Without samples, MMPretrain's class processes only the images.
        inputs = super().forward({"inputs": data["inputs"]}, training)["inputs"]

        labeled = [sample for sample in samples or () if has_labels(sample)]
        if training and (samples is None or not labeled or len(labeled) < len(samples)):
            self._raise_no_labels(samples or ())
        if labeled:
            hard = have_hard_dtypes(labeled)
            if not training:  # before gt_score moves to the device
                for sample in labeled:
                    sample.set_gt_label(known_positives(sample))
            labels = batch_labels(labeled, self.num_classes, self.device)
            if training and not self.losses_are_checked:
                self._check_losses(labeled, labels.shape[1])
            if training and self.batch_augments is not None:
                self._check_augments(labeled, labels.shape[1])
                inputs, labels = self.batch_augments(inputs, labels)
                hard = False
            for sample, row in zip(labeled, labels.unbind()):
                sample.set_field(row, "gt_score")
                sample.set_field(hard, "labels_are_hard", field_type="metainfo")
                if "num_classes" not in sample:
                    sample.set_field(labels.shape[1], "num_classes", field_type="metainfo")
        if self.channels_last and inputs.ndim == 4:  # features of a feature store have no channels
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        return {"inputs": inputs, "data_samples": samples}

    @torch.compiler.disable
    def _check_losses(self, samples: list[DataSample], num_classes: int) -> None:
        """Raise if the batch has unknown labels and the model a loss that does not support them."""
        if self._unsupported_loss is None:
            reason = "a training batch has some"
            problems = [unsupported_loss(model, reason) for model in modules_around(self)]
            self._unsupported_loss = next(filter(None, problems), None)
            self.losses_are_checked = self._unsupported_loss is None
        if self._unsupported_loss is not None and has_unknown_labels(samples, num_classes):
            raise ValueError(self._unsupported_loss)

    def _check_augments(self, samples: list[DataSample], num_classes: int) -> None:
        """Raise if any augmentation would mix unknown labels, also if it is not selected for this batch."""
        if self._unsupported_augmentation is not None and has_unknown_labels(samples, num_classes):
            raise ValueError(self._unsupported_augmentation)

    @staticmethod
    def _raise_no_labels(samples: Sequence[DataSample]) -> None:
        missing = [sample_name(sample, row) for row, sample in enumerate(samples) if not has_labels(sample)]
        found = f"no labels in {missing[0]} and in {len(missing) - 1} more" if missing else "no samples"
        raise ValueError(
            "The 'data_samples' argument of PartialLabelDataPreprocessor must be labeled samples in "
            "training: with 'gt_label_indices' and 'gt_label_values', with 'gt_score', or with 'gt_label'. "
            f"Got {found} instead. End the pipeline with PackPartialInputs or PackInputs."
        )
