"""Sparse, memory-mapped store of partial labels, the base of all datasets."""

from .build import build_label_store, label_store_from_array
from .counts import LabelCounts
from .store import LabelStore
from .writer import LabelStoreWriter

__all__ = ["LabelCounts", "LabelStore", "LabelStoreWriter", "build_label_store", "label_store_from_array"]
