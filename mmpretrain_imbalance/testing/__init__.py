"""Tools for testing a new loss."""

from .check_loss import LOSS_LAWS, check_loss
from .host_reads import HostReads
from .loss_case import NUM_IMAGES, LossCase, LossLawError

__all__ = ["LOSS_LAWS", "NUM_IMAGES", "HostReads", "LossCase", "LossLawError", "check_loss"]
