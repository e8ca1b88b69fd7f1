"""From the samples of a loader to images and one label table on the device."""

from __future__ import annotations

from mmpretrain.models.utils import ClsDataPreprocessor
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmpretrain_imbalance.models.batch_labels import (
    are_hard,
    batch_labels,
    has_labels,
    has_unknown_labels,
    sample_name,
)


@MODELS.register_module()
class PartialLabelDataPreprocessor(ClsDataPreprocessor):
    """MMPretrain's ``ClsDataPreprocessor`` for labels 1 (positive), 0 (negative) and -1 (unknown).

    Images are treated as the host treats them. Labels become one dense float32 table (N, C) on the device,
    checked once, and the ``gt_score`` of each sample a row of it: a view, so copy it to keep it longer than
    the batch. ``labels_are_hard`` in the metainfo of a sample tells the heads of this package, without a look
    at the values, that no label is soft.

    Samples may carry sparse labels, full vectors or the host's positive indices, see
    :func:`~mmpretrain_imbalance.models.batch_labels.batch_labels`; different kinds may meet in one batch. A
    test batch may lack labels.

    Batch augmentations of the host turn -1 into a number, so ``Mixup`` and ``CutMix`` are refused as soon as
    a batch has an unknown label: use ``PartialLabelMixup`` and ``PartialLabelCutMix``. An augmentation of your own says
    ``keeps_unknown = True``.

    Args:
        num_classes: Number of classes; needed where no sample tells.
        to_onehot: For configs written for the host. The labels are a table in any case.
        **kwargs: ``mean``, ``std``, ``pad_size_divisor``, ``pad_value``, ``to_rgb`` and ``batch_augments`` of
            the host.

    Raises:
        ValueError: If ``num_classes`` is no positive number or ``to_onehot`` is switched off.

    Example:
        >>> import torch
        >>> sample = DataSample(gt_label_indices=torch.tensor([0, 2]), gt_label_values=torch.tensor([1, 0]))
        >>> preprocessor = PartialLabelDataPreprocessor(num_classes=4)
        >>> batch = preprocessor(dict(inputs=[torch.zeros(3, 8, 8)], data_samples=[sample]), training=True)
        >>> batch['data_samples'][0].gt_score
        tensor([ 1., -1.,  0., -1.])
    """

    def __init__(self, num_classes: int | None = None, to_onehot: bool = True, **kwargs) -> None:
        if num_classes is not None and (not isinstance(num_classes, int) or num_classes < 1):
            raise ValueError(
                f"The 'num_classes' argument of PartialLabelDataPreprocessor must be a positive integer or "
                f"None. Got {num_classes!r} instead."
            )
        if not to_onehot:
            raise ValueError(
                "The 'to_onehot' argument of PartialLabelDataPreprocessor must be True: its labels are "
                "always a table. Got False instead."
            )
        super().__init__(num_classes=num_classes, to_onehot=True, **kwargs)
        # MMEngine's argument, which the host's class does not pass on: images in pinned memory are copied
        # while the device goes on with the step before.
        self._non_blocking = True

    def forward(self, data: dict, training: bool = False) -> dict:
        """Prepare a batch.

        Args:
            data: ``inputs``, a tensor or a list of images, and ``data_samples``, which may be missing in
                inference.
            training: Whether batch augmentations are applied and labels required.

        Returns:
            ``inputs`` of shape (N, 3, H, W) and the same ``data_samples``, with ``gt_score``.

        Raises:
            ValueError: If a label is wrong, class counts differ, a training sample has no labels, or a batch
                augmentation would mix unknown labels.
        """
        samples = data.get("data_samples")
        if samples is not None and not all(isinstance(sample, DataSample) for sample in samples):
            return super().forward(data, training)  # multi-task samples: the host's
        # Without its samples the host does the image part alone.
        inputs = super().forward({"inputs": data["inputs"]}, training)["inputs"]

        labeled = [sample for sample in samples or () if has_labels(sample)]
        if training and (not labeled or len(labeled) < len(samples)):
            self._raise_no_labels(samples or ())
        if labeled:
            hard = are_hard(labeled)
            labels = batch_labels(labeled, self.num_classes, self.device)
            if training and self.batch_augments is not None:
                self._check_augments(labeled, labels.shape[1])
                inputs, labels = self.batch_augments(inputs, labels)
                hard = False
            for sample, row in zip(labeled, labels.unbind()):
                sample.set_field(row, "gt_score")
                sample.set_field(hard, "labels_are_hard", field_type="metainfo")
                if "num_classes" not in sample:
                    sample.set_field(labels.shape[1], "num_classes", field_type="metainfo")
        return {"inputs": inputs, "data_samples": samples}

    def _check_augments(self, samples: list[DataSample], num_classes: int) -> None:
        """Refuse augmentations that would mix unknown labels, whichever of them is drawn for this batch."""
        unsafe = [
            type(augment).__name__
            for augment in self.batch_augments.augments
            if augment is not None and not getattr(augment, "keeps_unknown", False)
        ]
        if unsafe and has_unknown_labels(samples, num_classes):
            raise ValueError(
                f"The 'batch_augments' argument of PartialLabelDataPreprocessor must be PartialLabelMixup or "
                f"PartialLabelCutMix, or say 'keeps_unknown = True', where labels are unknown. Got "
                f"{', '.join(unsafe)} instead, which would mix the -1 of an unknown label into a number."
            )

    @staticmethod
    def _raise_no_labels(samples: list[DataSample]) -> None:
        missing = [sample_name(sample, row) for row, sample in enumerate(samples) if not has_labels(sample)]
        found = f"none for {missing[0]} and {len(missing) - 1} more" if missing else "no samples"
        raise ValueError(
            f"The 'data_samples' argument of PartialLabelDataPreprocessor must be labeled samples in "
            f"training: 'gt_label_indices' and 'gt_label_values', 'gt_score' or 'gt_label'. Got {found} "
            f"instead. Does the pipeline end in PackPartialInputs or PackInputs?"
        )
