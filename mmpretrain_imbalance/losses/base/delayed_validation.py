"""Checks of values that a GPU does without being waited for."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...functional.labels import EXPECTED_LABELS, EXPECTED_LOGITS, NEGATIVE, POSITIVE, UNKNOWN

_PLACES = 2**48
_LABEL, _LOGIT, CLASS_INDEX, SAMPLE_ID = 1, 2, 4, 5
_EXPECTED = {
    _LABEL: ("labels", EXPECTED_LABELS),
    _LOGIT: ("logits", EXPECTED_LOGITS),
    _LABEL + _LOGIT: ("logits", EXPECTED_LOGITS),
    CLASS_INDEX: ("target", "class indices below the number of classes"),
    SAMPLE_ID: ("num_images", "the length of the training set, above every sample id"),
}


class DelayedValidation(nn.Module):
    """Remembers on the device that a batch was wrong, and where; a later step raises.

    A step writes one number, the kind of the fault and its place in the table, into a buffer: operations that
    a compiler takes in, and that nobody waits for. Outside of compiled code :meth:`raise_earlier` copies that
    number into pinned memory and looks at the copy once its event has passed. ``LabelStatisticsHook`` looks
    before each update of the statistics, which comes before each checkpoint, and at the end of the training.

    Example:
        >>> validation = DelayedValidation()
        >>> labels = torch.tensor([[0.0, 1.0, -1.0], [0.0, 0.3, 7.0]])
        >>> validation.record_wrong_values(torch.zeros(2, 3), labels)
        >>> validation.raise_found("SomeLoss")
        Traceback (most recent call last):
        ValueError: The 'labels' argument of SomeLoss must be 1 (positive), 0 (negative) or -1 (unknown) ...
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("fault", torch.zeros((), dtype=torch.int64), persistent=False)
        self.num_columns = 1
        self._copy: Tensor | None = None
        self._event: torch.cuda.Event | None = None

    def record_wrong_values(self, logits: Tensor, labels: Tensor) -> None:
        """Look for a label outside the convention and for a logit that is NaN; soft labels are in it."""
        if not logits.numel():
            return
        self.num_columns = logits.shape[1]
        if labels.is_floating_point():
            # d is 0 for labels from 0 to 1 and -1 for unknown ones: d (d + 1) is 0 for these only.
            distance = labels - labels.clamp(NEGATIVE, POSITIVE)
            wrong = torch.addcmul(distance, distance, distance) != 0
        else:
            labels = labels.short() if labels.dtype in (torch.uint8, torch.bool) else labels
            wrong = labels != labels.clamp(UNKNOWN, POSITIVE)
        # A byte per element: 1 for a label, 2 or 3 for a logit.
        kind, place = wrong.to(torch.uint8).add(logits != logits, alpha=_LOGIT).flatten().max(dim=0)
        self._keep(kind, place)

    def record_wrong_indices(self, indices: Tensor, limit: int, kind: int) -> None:
        """Look for an index outside of [0, limit), of the given kind."""
        if not indices.numel():
            return
        outside, place = ((indices < 0) | (indices >= limit)).to(torch.int8).max(dim=0)
        self._keep(kind * outside.long(), place)

    def _keep(self, kind: Tensor, place: Tensor) -> None:
        # A number below _PLACES is no fault.
        self.fault.clamp_(min=place.add(kind, alpha=_PLACES))

    def raise_earlier(self, owner: str) -> None:
        """Raise for a fault of an earlier step whose number has come over; never wait for one."""
        if self._event is not None and not self._event.query():
            return
        if self._copy is not None and (fault := int(self._copy.numpy())) >= _PLACES:
            self.raise_for(fault, owner)
        on_gpu = self.fault.is_cuda
        if self._copy is None:
            self._copy = torch.zeros((), dtype=torch.int64, pin_memory=on_gpu)
        self._copy.copy_(self.fault, non_blocking=True)
        if on_gpu:
            self._event = self._event or torch.cuda.Event()
            self._event.record()

    def raise_found(self, owner: str) -> None:
        """Raise for any fault so far; this waits for the device."""
        if (fault := int(self.fault)) >= _PLACES:
            self.raise_for(fault, owner)

    def raise_for(self, fault: int, owner: str) -> None:
        """Raise for the number of a fault.

        Raises:
            ValueError: Always, with the row and class of the fault.
        """
        self.fault.zero_()
        self._copy = self._event = None
        kind, place = divmod(fault, _PLACES)
        name, expected = _EXPECTED[kind]
        where = f"sample {place}"
        if kind <= _LABEL + _LOGIT:
            where = f"sample {place // self.num_columns}, class {place % self.num_columns}"
        raise ValueError(
            f"The '{name}' argument of {owner} must be {expected}. Got something else at {where} of an "
            "earlier batch instead; validate='now' stops at that batch itself."
        )

    def __getstate__(self) -> dict:
        # An event of a device can be neither copied nor stored.
        return {**super().__getstate__(), "_copy": None, "_event": None}
