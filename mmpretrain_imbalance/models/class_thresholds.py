"""A threshold for each class in a multi-label head."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from mmpretrain.structures import DataSample
from torch import Tensor

from mmpretrain_imbalance.utils.class_values import class_values, read_named_values


class ClassThresholdsMixin:
    """Lets ``thr`` of a host's head be a threshold for each class.

    A label is predicted where its score reaches the threshold of its class, after the threshold was rounded
    to the type of the scores. What is given by class name waits for the names of the classes: those of
    ``classes``, or of :meth:`set_class_names`, or else of the loss, which ``LabelStatisticsHook`` tells.

    The thresholds come from the config, as the number of the host does: no checkpoint holds them.

    The mixin stands before a head of the host in the list of base classes, whose ``num_classes`` it sets.

    Args:
        num_classes: Number of classes C.
        thr: One threshold; a sequence of C in the order of the classes; thresholds by class name; or a file
            of them, as ``BestThresholdsHook`` and ``tools/tune_thresholds.py`` write it. ``None`` is 0.5, or
            ``topk`` where that is given.
        classes: Names of the classes, in the order of the logits.
        **kwargs: Of the host's head.

    Raises:
        FileNotFoundError: If there is no such file.
        TypeError: If ``thr`` is none of these.
        ValueError: If a class has no threshold, there are not C of them, or one is no number.
    """

    num_classes: int

    def __init__(
        self,
        num_classes: int,
        thr: float | Sequence[float] | Mapping[str, float] | str | os.PathLike | None = None,
        classes: Sequence[str] | None = None,
        **kwargs,
    ) -> None:
        name = type(self).__name__
        one = thr is None or (isinstance(thr, (int, float, np.number)) and not isinstance(thr, bool))
        if one and thr is not None and math.isnan(thr):
            raise ValueError(f"The 'thr' argument of {name} must be a number. Got NaN instead.")
        super().__init__(num_classes=num_classes, thr=thr if one else 0.5, **kwargs)
        self.num_classes = num_classes
        self.class_names: list[str] | None = None
        self._given_thresholds = None if one else thr
        self._class_thresholds: Tensor | None = None
        if not one:
            self._check_given()
        if classes is not None:
            self.set_class_names(classes)

    @property
    def class_thresholds(self) -> Tensor | None:
        """Threshold of each class in double precision, of shape (C,); ``None`` where one holds for all.

        Raises:
            ValueError: If they were given by class name, and nobody has named the classes.
        """
        if self._given_thresholds is None:
            return None
        if self._class_thresholds is None:
            names = self.class_names or getattr(self.loss_module, "class_names", None)
            if names is None:
                raise ValueError(
                    f"The 'thr' argument of {type(self).__name__} is matched by class name, and the head "
                    "must know the names of its classes. Got none instead: give the head classes=[...], in "
                    "the order of the logits."
                )
            self._match(list(names))
        return self._class_thresholds

    def set_class_names(self, names: Sequence[str]) -> None:
        """Name the classes, in the order of the logits; names that are already there stay.

        Args:
            names: The names.

        Raises:
            ValueError: If there are not C names, or one of them has no threshold.
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
        """Refuse now what no class names could repair."""
        thr = self._given_thresholds
        if isinstance(thr, (str, os.PathLike)):
            read_named_values(thr, "thresholds", [])
        elif isinstance(thr, (Sequence, np.ndarray, Tensor)):
            self._match(None)
        elif not isinstance(thr, Mapping):
            raise TypeError(
                f"The 'thr' argument of {type(self).__name__} must be a number, one for each class, or a "
                f"file of them. Got {thr!r} instead."
            )

    def _match(self, names: list[str] | None) -> None:
        values = self._given_thresholds
        values = values.tolist() if isinstance(values, Tensor) else values
        ordered = class_values(values, "thresholds", names, self.num_classes, type(self).__name__)
        self._class_thresholds = torch.from_numpy(ordered.astype(np.float64))

    def _get_predictions(self, cls_score: Tensor, data_samples: list[DataSample] | None) -> list[DataSample]:
        if self._given_thresholds is not None:
            self.thr = self.class_thresholds.to(cls_score)
        return super()._get_predictions(cls_score, data_samples)
