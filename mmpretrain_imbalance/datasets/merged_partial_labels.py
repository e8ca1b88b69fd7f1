"""Dataset that merges several sources with different class lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset, force_full_init
from mmengine.logging import print_log
from mmpretrain.registry import DATASETS

from ..utils.argument_checks import check_choice
from .class_map import ClassMap, chosen_classes, class_maps, new_names
from .label_store.external_sort import CONFLICTS
from .label_store.join_rows import join_rows
from .label_store.store import LabelStore
from .merge import Contradictions, first_rows, merge_labels
from .relabeled import RelabeledDataset, different_samples, image_path
from .simulate_store import label_source
from .wrapped import class_names, initialize

_KEYS = {"dataset", "name", "class_map", "unmapped", "positives_only"}


@DATASETS.register_module()
class MergedPartialLabels(RelabeledDataset):
    """Merges several datasets under one class list; classes that a source does not annotate are unknown.

    Classes are matched by name. Each source is a dataset (or its config), or a dictionary with

    - ``dataset``: a dataset or wrapper that :func:`label_counts` supports, or its config;
    - ``class_map``: new names of its classes, ``None`` to drop a class; other classes keep their names. If
      several classes get the same new name, this class is positive where any of them is positive and negative
      where all of them are negative;
    - ``positives_only``: classes that are only a part of the class they are mapped to ('car' for 'vehicle').
      Only their positives are used, because their absence does not imply that the wider class is absent;
    - ``unmapped``: ``'raise'`` (the default) or ``'drop'`` for classes that are not in ``classes``;
    - ``name``: the name in messages and under the key ``'source'`` of the samples; by default its number.

    Images and pipelines stay those of the sources. An image of several sources becomes one sample with the
    labels of all these sources and the pipeline of the first one. ``sample_idx`` numbers the images of all
    sources.

    Args:
        sources: The sources.
        classes: The class list; by default all classes of the sources, in order of appearance.
        shared_images: ``'join'``, or ``'separate'`` to keep one sample per source of a shared image, each
            with the labels of its source. Images are the same if their paths lead to the same file; images in
            memory are never the same.
        conflicts: Treatment of a class that is positive in one source and negative in another source of a
            shared image: ``'raise'``, or use ``'positive'``, ``'negative'`` or ``'unknown'``.
        label_format: ``'dense'`` or ``'sparse'``; by default ``'sparse'`` if all sources are sparse.
        filter_cfg: As in :class:`LabelStoreDataset`, applied after merging.
        indices: Samples of the merged dataset to use.
        lazy_init: Whether to defer merging until the dataset is used.

    Raises:
        TypeError: If the labels or class names of a source cannot be read.
        ValueError: If a source has an unknown key, a class is not in the class list or not annotated by any
            source, a name is misspelled, or sources contradict each other.

    Example:
        >>> from mmpretrain_imbalance.datasets import MultiDigits
        >>> few = dict(dataset=MultiDigits(num_images=2), class_map={'7': None, '8': 'big', '9': 'big'})
        >>> merged = MergedPartialLabels([few, MultiDigits(num_images=1)])
        >>> merged.metainfo['classes'][7:], merged.get_gt_labels()[:, 7:].tolist()
        (('big', '7', '8', '9'), [[0, -1, -1, -1], [0, -1, -1, -1], [-1, 0, 0, 0]])
    """

    dataset_argument = "sources"

    def __init__(
        self,
        sources: Sequence[BaseDataset | Mapping[str, Any]],
        classes: Sequence[str] | None = None,
        *,
        shared_images: str = "join",
        conflicts: str = "raise",
        label_format: str | None = None,
        filter_cfg: dict[str, int] | None = None,
        indices: Any = None,
        lazy_init: bool = False,
    ) -> None:
        if not sources:
            raise ValueError(
                "The 'sources' argument of MergedPartialLabels must have at least one dataset. Got no "
                "dataset instead."
            )
        check_choice("MergedPartialLabels", ("join", "separate"), shared_images=shared_images)
        check_choice("MergedPartialLabels", CONFLICTS, conflicts=conflicts)
        self.shared_images, self.conflicts = shared_images, conflicts
        self.sources = [_checked_source(source, number) for number, source in enumerate(sources)]
        names = [source["name"] for source in self.sources]
        if len(set(names)) < len(names):
            raise ValueError(
                "The 'sources' argument of MergedPartialLabels must have sources with different 'name'. Got "
                f"{names} instead."
            )
        super().__init__(
            label_format=label_format,
            classes=classes,
            filter_cfg=filter_cfg,
            indices=indices,
            lazy_init=lazy_init,
        )

    def load_label_store(self) -> LabelStore:
        """Merge the labels.

        Returns:
            A store with one row for each different sample of the sources, or for each image if shared images
            are joined.
        """
        renamed, positives_only = {}, []
        target = self._metainfo.get("classes")
        for source in self.sources:
            initialize(source["dataset"])
            names = class_names(source["dataset"])
            if names is None:
                raise TypeError(
                    f"The 'metainfo' of source {source['name']!r} of MergedPartialLabels must have "
                    "'classes'. Got no class names instead."
                )
            renamed[source["name"]] = new_names(
                source["name"], names, source.get("class_map"), target, source.get("unmapped", "raise")
            )
            positives_only.append(chosen_classes(source["name"], names, source.get("positives_only", ())))
        if target is None:
            all_names = [name for names in renamed.values() for name in names if name is not None]
            target = tuple(dict.fromkeys(all_names))
        maps = class_maps(renamed, target, positives_only)
        return self._merge(*self._read_sources(), maps, target)

    @force_full_init
    def sample_info(self, idx: int) -> dict[str, Any]:
        """Return the information that the (first) source has about a sample and its ``source``, no labels."""
        row = int(self._rows[idx])
        source = self.sources[self._source_of_leaf[self._origin(row)[0]]]["name"]
        return {**super().sample_info(idx), "sample_idx": row, "source": source}

    def extra_repr(self) -> list[str]:
        """Return the lines of ``repr`` after the numbers of samples and classes."""
        return [f"Source: \t{source['name']} ({type(source['dataset']).__name__})" for source in self.sources]

    def _read_sources(self) -> tuple[list[tuple[BaseDataset, np.ndarray]], list[int], np.ndarray]:
        """Find the samples of all underlying datasets, the source of each dataset, and the sample rows."""
        leaves, source_of_leaf, rows, num_rows = [], [], [], 0
        for number, source in enumerate(self.sources):
            new_leaves, row_of_position = different_samples(source["dataset"])
            leaves += new_leaves
            source_of_leaf += [number] * len(new_leaves)
            rows.append(row_of_position + num_rows)
            num_rows += sum(len(indices) for _, indices in new_leaves)
        return leaves, source_of_leaf, np.concatenate(rows)

    def _merge(
        self,
        leaves: list[tuple[BaseDataset, np.ndarray]],
        source_of_leaf: list[int],
        row_of_position: np.ndarray,
        maps: list[ClassMap],
        classes: Sequence[str],
    ) -> LabelStore:
        """Merge the labels of all samples, and join the rows of shared images."""
        self._source_of_leaf = source_of_leaf
        self.adopt(leaves, row_of_position)
        labels = [label_source(leaf, indices) for leaf, indices in leaves]
        for number, leaf_labels in zip(source_of_leaf, labels):
            _check_class_names(self.sources[number], leaf_labels.store)
        store = merge_labels(labels, [maps[number] for number in source_of_leaf], classes)
        source_of_row = np.repeat(source_of_leaf, [len(indices) for _, indices in leaves])
        if self.shared_images == "separate" or source_of_row[0] == source_of_row[-1]:
            return store
        first = first_rows(lambda row: image_path(*self._origin(row)[1:]), source_of_row)
        stays = first == np.arange(len(first))
        if stays.all():
            return store
        contradictions = Contradictions(
            self.conflicts, store, [self.sources[number]["name"] for number in source_of_row]
        )
        store = join_rows(store, first, contradictions)
        contradictions.raise_if_any()
        # Samples of shared images come from the first source; the other sources only contribute labels.
        is_first = source_of_row[first[row_of_position]] == source_of_row[row_of_position]
        new_row = np.cumsum(stays) - 1
        starts = self._leaf_starts
        chosen = [stays[begin:end] for begin, end in zip(starts, starts[1:])]
        self.adopt(
            [(leaf, indices[kept]) for (leaf, indices), kept in zip(leaves, chosen)],
            new_row[first[row_of_position[is_first]]],
        )
        num_shared = int((source_of_row[first] != source_of_row).sum())
        print_log(
            f"MergedPartialLabels: {num_shared} samples show images of an earlier source. Each of these "
            f"images becomes one sample with the labels of all its sources (shared_images='join')."
            f"{contradictions}",
            logger="current",
        )
        return store


def _checked_source(source: Any, number: int) -> dict[str, Any]:
    is_dataset = not isinstance(source, Mapping) or ("dataset" not in source and "type" in source)
    checked: dict[str, Any] = {"name": str(number), **({"dataset": source} if is_dataset else source)}
    if set(checked) - _KEYS or "dataset" not in checked:
        raise ValueError(
            "Each item of the 'sources' argument of MergedPartialLabels must have the key 'dataset' and may "
            f"have 'name', 'class_map', 'unmapped' and 'positives_only'. Got {sorted(checked)} at source "
            f"{number} instead."
        )
    if checked.get("unmapped", "raise") not in ("raise", "drop"):
        raise ValueError(
            f"The 'unmapped' of source {checked['name']!r} must be 'raise' or 'drop'. Got "
            f"{checked['unmapped']!r} instead."
        )
    if isinstance(checked["dataset"], Mapping):
        checked["dataset"] = DATASETS.build(checked["dataset"])
    return checked


def _check_class_names(source: dict[str, Any], store: LabelStore) -> None:
    expected = class_names(source["dataset"]) or ()
    if tuple(store.class_names) != expected:
        raise ValueError(
            f"The datasets of source {source['name']!r} of MergedPartialLabels must have the same class "
            f"list. Got lists that begin with {expected[:3]} and {store.class_names[:3]} instead. Pass each "
            "dataset as a separate source."
        )
