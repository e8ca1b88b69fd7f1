"""Validation of logits and labels on a GPU without waiting for the GPU."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ...functional.labels import EXPECTED_LABELS, EXPECTED_LOGITS, NEGATIVE, POSITIVE, UNKNOWN

_NUM_POSITIONS = 2**48
_LABEL, _LOGIT, CLASS_INDEX, SAMPLE_ID = 1, 2, 4, 5
_EXPECTED = {
    _LABEL: ("labels", EXPECTED_LABELS),
    _LOGIT: ("logits", EXPECTED_LOGITS),
    _LABEL + _LOGIT: ("logits", EXPECTED_LOGITS),
    CLASS_INDEX: ("target", "class indices below the number of classes"),
    SAMPLE_ID: ("num_images", "the length of the training set, larger than every sample id"),
}


class DelayedValidation(nn.Module):
    """Records on the device that a batch has a wrong value, and raises in a later step.

    A step writes one integer into a buffer: the kind of the error and the position of the wrong value. These
    operations can be compiled, and the host does not wait for them. In eager mode, ``raise_earlier``
    copies the integer into pinned memory and reads the copy once it is complete. ``LabelStatisticsHook``
    reads the integer before each update of the statistics, hence before each checkpoint, and at the end of
    training.

    Example:
        >>> validation = DelayedValidation()
        >>> labels = torch.tensor([[0.0, 1.0, -1.0], [0.0, 0.3, 7.0]])
        >>> validation.record_wrong_values(torch.zeros(2, 3), labels)
        >>> validation.raise_found("SomeLoss")
        Traceback (most recent call last):
        ValueError: The 'labels' argument of SomeLoss must be 1 (positive), 0 (negative) or -1 (unknown) ...
    """

    fault: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("fault", torch.zeros((), dtype=torch.int64), persistent=False)
        self.num_columns = 1
        self._copy: Tensor | None = None
        self._event: torch.cuda.Event | None = None

    def record_wrong_values(self, logits: Tensor, labels: Tensor) -> None:
        """Record the first label outside the convention or logit that is NaN; soft labels are accepted."""
        if not logits.numel():
            return
        self.num_columns = logits.shape[1]
        if labels.is_floating_point():
            # d is 0 for labels from 0 to 1, and -1 for unknown labels: d (d + 1) is 0 for these labels only.
            distance = labels - labels.clamp(NEGATIVE, POSITIVE)
            wrong = torch.addcmul(distance, distance, distance) != 0
        else:
            labels = labels.short() if labels.dtype in (torch.uint8, torch.bool) else labels
            wrong = labels != labels.clamp(UNKNOWN, POSITIVE)
        # One byte per element: 1 for a wrong label, 2 or 3 for a wrong logit.
        kind, position = wrong.to(torch.uint8).add(logits != logits, alpha=_LOGIT).flatten().max(dim=0)
        self._record(kind, position)

    def record_wrong_indices(self, indices: Tensor, limit: int, kind: int) -> None:
        """Record the first index outside of [0, limit), as an error of the given kind."""
        if not indices.numel():
            return
        outside, position = ((indices < 0) | (indices >= limit)).to(torch.int8).max(dim=0)
        self._record(kind * outside.long(), position)

    def _record(self, kind: Tensor, position: Tensor) -> None:
        # An integer below _NUM_POSITIONS is no error.
        self.fault.clamp_(min=position.add(kind, alpha=_NUM_POSITIONS))

    def raise_earlier(self, owner: str) -> None:
        """Raise for an error of an earlier step if its integer has been copied; never wait for the copy."""
        # torch.cuda.Event has no annotations.
        if self._event is not None and not self._event.query():  # type: ignore[no-untyped-call]
            return
        if self._copy is not None and (fault := int(self._copy.numpy())) >= _NUM_POSITIONS:
            self.raise_for(fault, owner)
        on_gpu = self.fault.is_cuda
        if self._copy is None:
            self._copy = torch.zeros((), dtype=torch.int64, pin_memory=on_gpu)
        self._copy.copy_(self.fault, non_blocking=True)
        if on_gpu:
            self._event = self._event or torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._event.record()

    def raise_found(self, owner: str) -> None:
        """Raise for any error recorded so far; this waits for the device."""
        if (fault := int(self.fault)) >= _NUM_POSITIONS:
            self.raise_for(fault, owner)

    def raise_for(self, fault: int, owner: str) -> None:
        """Raise the error that an integer stands for.

        Raises:
            ValueError: Always, with the sample and the class of the wrong value.
        """
        self.fault.zero_()
        self._copy = self._event = None
        kind, position = divmod(fault, _NUM_POSITIONS)
        name, expected = _EXPECTED[kind]
        where = f"sample {position}"
        if kind <= _LABEL + _LOGIT:
            where = f"sample {position // self.num_columns}, class {position % self.num_columns}"
        raise ValueError(
            f"The '{name}' argument of {owner} must be {expected}. Got another value at {where} of an "
            "earlier batch instead. Set validate='now' to raise in the step of that batch."
        )

    def __getstate__(self) -> dict[str, Any]:
        # A device event can be neither copied nor pickled. nn.Module.__getstate__ has no annotations.
        return {**super().__getstate__(), "_copy": None, "_event": None}  # type: ignore[no-untyped-call]
