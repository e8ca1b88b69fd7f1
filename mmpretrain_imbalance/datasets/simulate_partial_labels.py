"""A dataset whose labels are made partial, as the methods for partial labels are compared."""

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
    """Hides labels of any multi-label dataset; images and pipeline stay those of the wrapped dataset.

    The protocols are those of
    :func:`~mmpretrain_imbalance.functional.simulate_partial_labels.simulate_partial_labels`. What happens to
    a label depends on the seed, the sample's index in its full dataset (docs/data.md says what that is) and
    the class (with ``'fpc'`` also on which other samples there are), so that workers, ranks, epochs, a
    resumed run and a subset of the data see the same labels. A sample that the wrapped dataset repeats has
    the same labels each time.

    Args:
        dataset: Any dataset whose labels :func:`label_counts` can read, or its config.
        protocol: ``'rps'``, ``'fpc'``, ``'single_positive'``, ``'n_per_image'``, ``'known_label_ratio'`` or
            ``'drop_positives'``.
        seed: Another seed gives other labels. A simulation of labels that are simulated already draws anew,
            also with the same seed.
        probability: Chance that a label is removed, for ``'rps'`` and ``'drop_positives'``.
        num_labels: Positives, and negatives, to keep, for ``'fpc'`` (a class) and ``'n_per_image'`` (an
            image).
        known_label_ratio: Share of the known labels of an image to keep, for ``'known_label_ratio'``.
        label_format: ``'dense'`` or ``'sparse'``; by default that of the wrapped dataset.
        save_to: An annotation file (.json or .csv) to write the simulated labels to.
        indices: Samples of the simulated dataset to use.
        lazy_init: Whether to wait with all this until the dataset is used.

    Raises:
        TypeError: If the labels of the wrapped dataset cannot be read.
        ValueError: If an argument is missing or has no meaning for the protocol.

    Example:
        >>> from mmpretrain_imbalance.datasets import MultiDigits, label_counts
        >>> dataset = SimulatePartialLabels(MultiDigits(num_images=500), 'fpc', num_labels=3)
        >>> label_counts(dataset).negatives
        array([3, 3, 3, 3, 3, 3, 3, 3, 3, 3])
    """

    def __init__(
        self,
        dataset: BaseDataset | dict,
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
            A store with a row for each different sample of the wrapped dataset.
        """
        leaves, row_of_position = different_samples(self.dataset)
        self.adopt(leaves, row_of_position)
        # Also datasets of which no sample is here have a number, so that it stays in every subset.
        origins = origin_numbers(underlying_datasets(self.dataset))
        sources = [label_source(leaf, indices, origins[id(leaf)]) for leaf, indices in leaves]
        return simulate_store(sources, self.protocol, self.amount, self.seed)

    def full_init(self) -> None:
        """Simulate the labels, and write them if asked to."""
        if self._fully_initialized:
            return
        super().full_init()
        if self.save_to is not None:
            self.save_annotations(self.save_to)

    def extra_repr(self) -> list[str]:
        """What ``repr`` says beside the number of samples and classes."""
        amount = "" if self.amount is None else f" {self.amount}"
        return [
            f"Simulated: \t{self.protocol}{amount}, seed {self.seed}",
            f"Of: \t{type(self.dataset).__name__}",
        ]
