"""Dataset that hides labels of another dataset, to compare methods for partial labels."""

from __future__ import annotations

from typing import Any

from mmengine.dataset import BaseDataset
from mmpretrain.registry import DATASETS

from ..functional.simulation import protocol_amount
from ..utils.argument_checks import check_integer
from .label_store.store import LabelStore
from .relabeled import RelabeledDataset, different_samples
from .simulate_store import label_source, origin_numbers, simulate_store
from .wrapped import underlying_datasets


@DATASETS.register_module()
class SimulatePartialLabels(RelabeledDataset):
    """Hides labels of a multi-label dataset; images and pipeline stay those of the wrapped dataset.

    The protocols are those of :func:`simulate_partial_labels`. Whether a label is hidden depends on the seed,
    the index of the sample in its full dataset (see docs/data.md) and the class, and with ``'fpc'`` also on
    the other samples. All workers, ranks, epochs, resumed runs and subsets of the data therefore see the same
    labels. A sample that the wrapped dataset repeats always has the same labels.

    Args:
        dataset: A dataset that :func:`label_counts` supports, or its config.
        protocol: ``'rps'``, ``'fpc'``, ``'single_positive'``, ``'n_per_image'``, ``'known_label_ratio'`` or
            ``'drop_positives'``.
        seed: Seed of the random choice of labels. A simulation on top of another one makes a new random
            choice, even with the same seed.
        probability: Probability that a label is removed, for ``'rps'`` and ``'drop_positives'``.
        num_labels: Number of positives and number of negatives to keep, per class for ``'fpc'`` and per image
            for ``'n_per_image'``.
        known_label_ratio: Fraction of the known labels of an image to keep, for ``'known_label_ratio'``.
        label_format: ``'dense'`` or ``'sparse'``; by default that of the wrapped dataset.
        save_to: Annotation file (.json or .csv) to which the simulated labels are written.
        indices: Samples of the simulated dataset to use.
        lazy_init: Whether to defer the simulation until the dataset is used.

    Raises:
        TypeError: If the labels of the wrapped dataset cannot be read.
        ValueError: If an argument is invalid, or missing for the protocol.

    Example:
        >>> from mmpretrain_imbalance.datasets import MultiDigits, label_counts
        >>> dataset = SimulatePartialLabels(MultiDigits(num_images=500), 'fpc', num_labels=3)
        >>> label_counts(dataset).negatives
        array([3, 3, 3, 3, 3, 3, 3, 3, 3, 3])
    """

    def __init__(
        self,
        dataset: BaseDataset | dict[str, Any],
        protocol: str,
        *,
        seed: int = 0,
        probability: float | None = None,
        num_labels: int | None = None,
        known_label_ratio: float | None = None,
        label_format: str | None = None,
        save_to: str | None = None,
        indices: Any = None,
        lazy_init: bool = False,
    ) -> None:
        check_integer("SimulatePartialLabels", seed=seed)
        self.amount = protocol_amount(
            protocol, probability, num_labels, known_label_ratio, "SimulatePartialLabels"
        )
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        self.protocol = protocol
        self.seed = seed
        self.save_to = save_to
        super().__init__(
            label_format=label_format,
            metainfo=getattr(self.dataset, "metainfo", None),
            indices=indices,
            lazy_init=lazy_init,
        )

    def load_label_store(self) -> LabelStore:
        """Simulate the labels.

        Returns:
            A store with one row for each different sample of the wrapped dataset.
        """
        leaves, row_of_position = different_samples(self.dataset)
        self.adopt(leaves, row_of_position)
        # Datasets without a sample are numbered too, so that numbers are the same in every subset.
        origins = origin_numbers(underlying_datasets(self.dataset))
        sources = [label_source(leaf, indices, origins[id(leaf)]) for leaf, indices in leaves]
        return simulate_store(sources, self.protocol, self.amount, self.seed)

    def full_init(self) -> None:
        """Simulate the labels, and write them if ``save_to`` is set."""
        if self._fully_initialized:
            return
        super().full_init()
        if self.save_to is not None:
            self.save_annotations(self.save_to)

    def extra_repr(self) -> list[str]:
        """Return the lines of ``repr`` after the numbers of samples and classes."""
        amount = "" if self.amount is None else f" {self.amount}"
        return [
            f"Simulated: \t{self.protocol}{amount}, seed {self.seed}",
            f"Of: \t{type(self.dataset).__name__}",
        ]
