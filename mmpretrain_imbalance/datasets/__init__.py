"""Datasets with labels 1 (positive), 0 (negative) and -1 (unknown), label stores, samplers and transforms."""

from .annotations.corrections import Correction, apply_corrections, read_corrections
from .base import LabelStoreDataset
from .dataset_labels import (
    LabelChunk,
    dataset_label_store,
    images_with_labels,
    label_chunks,
    label_counts,
)
from .dataset_subset import DatasetSubset
from .feature_dataset import FeatureDataset
from .feature_store import FeatureStore
from .feature_store_writer import FeatureStoreWriter
from .image_files import ImageFiles, ImageProblem, find_images, join_image_rows, write_image_problems
from .image_index import IMAGE_ENDINGS, ImageIndex, ImageMatch
from .imbalanced_cifar import ImbalancedCIFAR
from .label_store.build import build_label_store, label_store_from_array
from .label_store.counts import LabelCounts
from .label_store.store import LabelStore
from .label_store.writer import LabelStoreWriter
from .merged_partial_labels import MergedPartialLabels
from .multi_digits import MultiDigits
from .partial_label_dataset import PartialLabelDataset
from .relabeled import RelabeledDataset
from .row_groups import join_groups
from .samplers.class_aware import ClassAwareSampler
from .samplers.class_weighted import ClassWeightedSampler
from .samplers.repeat_factor import RepeatFactorSampler
from .simulate_partial_labels import SimulatePartialLabels
from .split_labels import LabelSplit, UnmeasurableClass, fold_labels, split_labels
from .transforms import DifficultAsUnknown, PackPartialInputs
from .unknown_as_negative import UnknownAsNegative
from .wrapped import class_group_names, class_names

__all__ = [
    "IMAGE_ENDINGS",
    "ClassAwareSampler",
    "ClassWeightedSampler",
    "Correction",
    "DatasetSubset",
    "DifficultAsUnknown",
    "FeatureDataset",
    "FeatureStore",
    "FeatureStoreWriter",
    "ImageFiles",
    "ImageIndex",
    "ImageMatch",
    "ImageProblem",
    "ImbalancedCIFAR",
    "LabelChunk",
    "LabelCounts",
    "LabelSplit",
    "LabelStore",
    "LabelStoreDataset",
    "LabelStoreWriter",
    "MergedPartialLabels",
    "MultiDigits",
    "PackPartialInputs",
    "PartialLabelDataset",
    "RelabeledDataset",
    "RepeatFactorSampler",
    "SimulatePartialLabels",
    "UnknownAsNegative",
    "UnmeasurableClass",
    "apply_corrections",
    "build_label_store",
    "class_group_names",
    "class_names",
    "dataset_label_store",
    "find_images",
    "fold_labels",
    "images_with_labels",
    "join_groups",
    "join_image_rows",
    "label_chunks",
    "label_counts",
    "label_store_from_array",
    "read_corrections",
    "split_labels",
    "write_image_problems",
]
