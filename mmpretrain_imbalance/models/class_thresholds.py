"""Per-class decision thresholds for multi-label heads."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from mmpretrain.structures import DataSample
from torch import Tensor

from mmpretrain_imbalance.utils.class_values import class_values, read_named_values

if TYPE_CHECKING:
    from mmpretrain.models.heads import MultiLabelClsHead as _Head  # the class that the mixin extends
else:
    _Head = object


class ClassThresholdsMixin(_Head):
    """Mixin for a head of MMPretrain that extends ``thr`` from one threshold to one per class.

    A label is predicted where its score reaches the threshold of its class, after the threshold is rounded to
    the dtype of the scores. Thresholds by class name are matched when the class names are known: those of
    ``classes``, of ``set_class_names``, or of the loss, where ``LabelStatisticsHook`` sets them.

    The thresholds come from the config, as MMPretrain's single ``thr`` does: no checkpoint contains them.

    List the mixin before a head of MMPretrain in the base classes; it sets ``num_classes`` of the head.

    Args:
        num_classes: Number of classes C.
        thr: One threshold; a sequence of C in the order of the classes; thresholds by class name; or a file
            of them, as ``BestThresholdsHook`` and ``tools/tune_thresholds.py`` write it. ``None`` means 0.5,
            or the ``topk`` labels if that is given.
        classes: Names of the classes, in the order of the logits.
        **kwargs: Further arguments of MMPretrain's head.

    Raises:
        FileNotFoundError: If the file does not exist.
        TypeError: If ``thr`` is of another type.
        ValueError: If a class has no threshold, there are not C of them, or one is NaN.
    """

    num_classes: int

    def __init__(
        self,
        num_classes: int,
        thr: float
        | Sequence[float]
        | np.ndarray
        | Tensor
        | Mapping[str, float]
        | str
        | os.PathLike[str]
        | None = None,
        classes: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        is_number = isinstance(thr, (int, float, np.number)) and not isinstance(thr, bool)
        if isinstance(thr, (int, float, np.number)) and math.isnan(thr):
            raise ValueError(
                f"The 'thr' argument of {type(self).__name__} must be a number. Got NaN instead."
            )
        is_single = thr is None or is_number
        super().__init__(num_classes=num_classes, thr=thr if is_single else 0.5, **kwargs)
        self.num_classes = num_classes
        self.class_names: list[str] | None = None
        self._given_thresholds: Any = None if is_single else thr
        self._class_thresholds: Tensor | None = None
        if not is_single:
            self._check_given()
        if classes is not None:
            self.set_class_names(classes)

    @property
    def class_thresholds(self) -> Tensor | None:
        """Threshold of each class in double precision, of shape (C,); ``None`` if all classes share one.

        Raises:
            ValueError: If the thresholds were given by class name and the class names are not known.
        """
        if self._given_thresholds is None:
            return None
        if self._class_thresholds is None:
            names = self.class_names or getattr(self.loss_module, "class_names", None)
            if names is None:
                raise ValueError(
                    f"The 'thr' argument of {type(self).__name__} gives thresholds by class name, so the "
                    "'classes' argument must give the class names. Got None instead. Set classes=[...] of "
                    "the head, in the order of the logits."
                )
            self._match(list(names))
        return self._class_thresholds

    def set_class_names(self, names: Sequence[str]) -> None:
        """Set the class names, in the order of the logits, unless they are already set.

        Args:
            names: The class names.

        Raises:
            ValueError: If there are not C names, or a named class has no threshold.
        """
        if isinstance(names, str) or len(names) != self.num_classes:
            raise ValueError(
                f"The 'classes' argument of {type(self).__name__} must be the names of its "
                f"{self.num_classes} classes. Got {names if isinstance(names, str) else len(names)} instead."
            )
        if self.class_names is None:
            self.class_names = [str(name) for name in names]
            if self._given_thresholds is not None:
                self._match(self.class_names)

    def _check_given(self) -> None:
        """Raise for thresholds that are wrong for any class names."""
        thr = self._given_thresholds
        if isinstance(thr, (str, os.PathLike)):
            read_named_values(thr, "thresholds", [])
        elif isinstance(thr, (Sequence, np.ndarray, Tensor)):
            self._match(None)
        elif not isinstance(thr, Mapping):
            raise TypeError(
                f"The 'thr' argument of {type(self).__name__} must be a number, one number per class, or a "
                f"file of them. Got {thr!r} instead."
            )

    def _match(self, names: list[str] | None) -> None:
        values = self._given_thresholds
        values = values.tolist() if isinstance(values, Tensor) else values
        ordered = class_values(values, "thresholds", names, self.num_classes, type(self).__name__)
        self._class_thresholds = torch.from_numpy(ordered.astype(np.float64))

    def _get_predictions(self, cls_score: Tensor, data_samples: list[DataSample] | None) -> list[DataSample]:
        thresholds = self.class_thresholds
        if thresholds is not None:
            self.thr = thresholds.to(cls_score)
        return super()._get_predictions(cls_score, data_samples)
