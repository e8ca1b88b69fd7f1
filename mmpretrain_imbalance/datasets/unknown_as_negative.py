"""Dataset whose unknown labels are negatives, to choose and to measure where no negatives are annotated."""

from __future__ import annotations

from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmpretrain.registry import DATASETS

from .label_store.build import build_label_store
from .label_store.store import LabelStore
from .relabeled import RelabeledDataset, different_samples
from .simulate_store import label_source


@DATASETS.register_module()
class UnknownAsNegative(RelabeledDataset):
    """Makes the unknown labels of a dataset negatives; images and pipeline stay those of the dataset.

    Average precision and F1 need negatives. If a validation set has positives only, unknown labels as
    negatives are the usual way to measure: the ranking of models is still useful, but the numbers are too
    small, because unannotated positives count as errors.

    Args:
        dataset: A dataset that :func:`label_counts` supports, or its config.
        **kwargs: Further arguments of the base class, such as ``indices`` and ``lazy_init``.

    Raises:
        TypeError: If the labels of the dataset cannot be read.

    Example:
        >>> from mmpretrain_imbalance.datasets import MultiDigits, SimulatePartialLabels, label_counts
        >>> positives = SimulatePartialLabels(MultiDigits(num_images=100), 'single_positive')
        >>> counts = label_counts(UnknownAsNegative(positives))
        >>> int(counts.positives.sum()), int(counts.negatives.sum()), int(counts.unknown.sum())
        (100, 900, 0)
    """

    def __init__(self, dataset: BaseDataset | dict[str, Any], **kwargs: Any) -> None:
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        super().__init__(metainfo=getattr(self.dataset, "metainfo", None), **kwargs)

    def load_label_store(self) -> LabelStore:
        """List the positives; the default label is negative.

        Returns:
            A store with one row for each different sample of the wrapped dataset.
        """
        leaves, row_of_position = different_samples(self.dataset)
        self.adopt(leaves, row_of_position)
        images, classes, names, first_row = [], [], [], 0
        sources = [label_source(leaf, indices) for leaf, indices in leaves]
        for source in sources:
            rows, listed, values = source.store.elements(source.rows)
            images.append(first_row + rows[values == 1])
            classes.append(listed[values == 1])
            names += [source.store.image_name(row) for row in source.rows.tolist()]
            first_row += len(source.rows)
        positives = np.concatenate(images)
        return build_label_store(
            positives,
            np.concatenate(classes),
            np.ones(len(positives), dtype=np.int8),
            names,
            sources[0].store.class_names,
            default_label=0,
        )
