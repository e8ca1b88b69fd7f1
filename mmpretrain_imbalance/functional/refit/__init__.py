"""Refit of a linear head after training: class means, blends, logistic regressions, calibration, choice."""

from .blend_heads import blend_heads
from .calibrate_head import calibrate_head
from .category_wise_refit import category_wise_refit
from .choose_head import Candidate, HeadChoice, choose_head
from .class_mean_head import class_mean_head
from .class_moments import ClassMoments
from .label_batches import (
    UnknownAsNegativeBatches,
    one_process_gather,
    one_process_sum,
)
from .linear_head import LinearHead
from .refit_linear_head import RefitResult, refit_linear_head

__all__ = [
    "Candidate",
    "ClassMoments",
    "HeadChoice",
    "LinearHead",
    "RefitResult",
    "UnknownAsNegativeBatches",
    "blend_heads",
    "calibrate_head",
    "category_wise_refit",
    "choose_head",
    "class_mean_head",
    "one_process_gather",
    "one_process_sum",
    "refit_linear_head",
]
