"""One dataset from several sources with different label spaces."""

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
    """Several datasets under one class list; whatever a source never annotates is unknown in its images.

    Classes are matched by name. Each source is a dataset (or its config), or a dictionary with

    - ``dataset``: any dataset whose labels :func:`label_counts` can read, wrappers included, or its config;
    - ``class_map``: new names of its classes, ``None`` for those to drop; the others keep their names. Two
      classes with one new name become their union: positive where one is positive, negative where all are;
    - ``positives_only``: classes that are only a part of what they become ('car' for 'vehicle'). Their
      positives count; that they are absent says nothing about the wider class;
    - ``unmapped``: ``'refuse'`` (the default) or ``'drop'`` for classes that are not in ``classes``;
    - ``name``: for messages, and the key ``'source'`` of its samples; by default its number.

    Images and pipelines stay those of the sources. An image that several sources have is one sample, with
    the labels of all of them and the pipeline of the first. ``sample_idx`` counts the images through all
    sources.

    Args:
        sources: The sources, in order.
        classes: The class list; by default all classes of the sources, in the order in which they come.
        shared_images: ``'join'``, or ``'separate'`` for a sample from each source that has the image, with
            the labels of that source alone. Images are the same where their paths lead to one file; images in
            memory never are.
        conflicts: A class that one source calls present and another one absent in a shared image:
            ``'refuse'``, or take it as ``'positive'``, ``'negative'`` or ``'unknown'``.
        label_format: ``'dense'`` or ``'sparse'``; by default ``'sparse'`` where all sources are.
        filter_cfg: As in :class:`LabelStoreDataset`, after merging.
        indices: Samples of the merged dataset to use.
        lazy_init: Whether to wait with all this until the dataset is used.

    Raises:
        TypeError: If the labels or class names of a source cannot be read.
        ValueError: If a source has another key, a class has no place in the class list or is annotated by no
            source, a name is misspelt, or sources contradict each other.

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
        conflicts: str = "refuse",
        label_format: str | None = None,
        filter_cfg: dict | None = None,
        indices: Any = None,
        lazy_init: bool = False,
    ) -> None:
        if not sources:
            raise ValueError(
                "The 'sources' argument of MergedPartialLabels must hold at least one dataset. Got none "
                "instead."
            )
        check_choice("MergedPartialLabels", ("join", "separate"), shared_images=shared_images)
        check_choice("MergedPartialLabels", CONFLICTS, conflicts=conflicts)
        self.shared_images, self.conflicts = shared_images, conflicts
        self.sources = [_checked_source(source, number) for number, source in enumerate(sources)]
        names = [source["name"] for source in self.sources]
        if len(set(names)) < len(names):
            raise ValueError(
                "The 'sources' argument of MergedPartialLabels must hold sources of different 'name'. Got "
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
            A store with a row for each different sample of the sources; for each image, where they are
            joined.
        """
        renamed, narrow = {}, []
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
                source["name"], names, source.get("class_map"), target, source.get("unmapped", "refuse")
            )
            narrow.append(chosen_classes(source["name"], names, source.get("positives_only", ())))
        if target is None:
            everything = [name for names in renamed.values() for name in names if name is not None]
            target = tuple(dict.fromkeys(everything))
        maps = class_maps(renamed, target, narrow)
        return self._joined(*self._read_sources(), maps, target)

    @force_full_init
    def sample_info(self, idx: int) -> dict:
        """What the source says about a sample, and its ``source``, of a shared image the first; no labels."""
        row = int(self._rows[idx])
        source = self.sources[self._source_of_leaf[self._origin(row)[0]]]["name"]
        return {**super().sample_info(idx), "sample_idx": row, "source": source}

    def extra_repr(self) -> list[str]:
        """What ``repr`` says beside the number of samples and classes."""
        return [f"Source: \t{source['name']} ({type(source['dataset']).__name__})" for source in self.sources]

    def _read_sources(self) -> tuple[list[tuple[BaseDataset, np.ndarray]], list[int], np.ndarray]:
        """Samples of every leaf below the sources, the source of each leaf, and the row of each sample."""
        leaves, source_of_leaf, rows, num_rows = [], [], [], 0
        for number, source in enumerate(self.sources):
            own, row_of_position = different_samples(source["dataset"])
            leaves += own
            source_of_leaf += [number] * len(own)
            rows.append(row_of_position + num_rows)
            num_rows += sum(len(indices) for _, indices in own)
        return leaves, source_of_leaf, np.concatenate(rows)

    def _joined(
        self,
        leaves: list[tuple[BaseDataset, np.ndarray]],
        source_of_leaf: list[int],
        row_of_position: np.ndarray,
        maps: list[ClassMap],
        classes: Sequence[str],
    ) -> LabelStore:
        """The labels of all samples, or of all images."""
        self._source_of_leaf = source_of_leaf
        self.adopt(leaves, row_of_position)
        labels = [label_source(leaf, indices) for leaf, indices in leaves]
        for number, of_leaf in zip(source_of_leaf, labels):
            _check_names(self.sources[number], of_leaf.store)
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
        contradictions.settle()
        # The first source that has an image says how often it comes; the others only add what they know.
        own = source_of_row[first[row_of_position]] == source_of_row[row_of_position]
        new_row = np.cumsum(stays) - 1
        starts = self._leaf_starts
        chosen = [stays[begin:end] for begin, end in zip(starts, starts[1:])]
        self.adopt(
            [(leaf, indices[kept]) for (leaf, indices), kept in zip(leaves, chosen)],
            new_row[first[row_of_position[own]]],
        )
        num_shared = int((source_of_row[first] != source_of_row).sum())
        print_log(
            f"MergedPartialLabels: {num_shared} samples are of images that an earlier source has. "
            "Each of these images is one sample with the labels of all its sources "
            f"(shared_images='join').{contradictions}",
            logger="current",
        )
        return store


def _checked_source(source: Any, number: int) -> dict[str, Any]:
    is_dataset = not isinstance(source, Mapping) or ("dataset" not in source and "type" in source)
    source = {"name": str(number), **({"dataset": source} if is_dataset else source)}
    if set(source) - _KEYS or "dataset" not in source:
        raise ValueError(
            f"Each item of the 'sources' argument of MergedPartialLabels must have 'dataset' and may have "
            f"'name', 'class_map', 'unmapped' and 'positives_only'. Got {sorted(source)} at source {number} "
            "instead."
        )
    if source.get("unmapped", "refuse") not in ("refuse", "drop"):
        raise ValueError(
            f"The 'unmapped' of source {source['name']!r} must be 'refuse' or 'drop'. Got "
            f"{source['unmapped']!r} instead."
        )
    if isinstance(source["dataset"], Mapping):
        source["dataset"] = DATASETS.build(source["dataset"])
    return source


def _check_names(source: dict[str, Any], store: LabelStore) -> None:
    expected = class_names(source["dataset"])
    if tuple(store.class_names) != tuple(expected):
        raise ValueError(
            f"The parts of source {source['name']!r} of MergedPartialLabels must be of one class list. Got "
            f"one that begins with {expected[:3]} and one that begins with {store.class_names[:3]} instead. "
            "Give each part as a source of its own."
        )
