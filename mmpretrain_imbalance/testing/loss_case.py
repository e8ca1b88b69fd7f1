"""A loss to be checked: its config, what the hook would tell it, and tables to call it with."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..functional import LossContext
from ..losses import Elements, ElementwiseLoss, LossState, Traits

#: Sample ids of the checks are below this: a loss with a table of images needs as many of them.
NUM_IMAGES = 16


class LossLawError(AssertionError):
    """A loss does not obey a law; the message says what was expected, why, and what to write in the class."""


class LossCase:
    """A config with everything that the laws need to call its loss.

    Args:
        config: Config of a registered loss, with its smallest arguments.
        num_classes: Number of classes C of the tables.

    Example:
        >>> case = LossCase(dict(type='HillLoss'))
        >>> loss = case.build()
        >>> logits, labels = case.tables(4)
        >>> case.call(loss, logits, labels).shape
        torch.Size([])
    """

    def __init__(self, config: dict, num_classes: int = 3) -> None:
        self.config = dict(config)
        self.num_classes = num_classes
        self.name = (
            self.config["type"] if isinstance(self.config["type"], str) else self.config["type"].__name__
        )

    @property
    def traits(self) -> Traits:
        """Those of the loss while it trains."""
        return self.raw().traits

    def raw(self, **changes) -> ElementwiseLoss:
        """The loss as a config builds it; nobody has told it anything."""
        loss = MODELS.build(copy.deepcopy({**self.config, **changes}))
        if not isinstance(loss, ElementwiseLoss):
            raise TypeError(
                f"The 'config' argument of check_loss must be that of an ElementwiseLoss. Got a "
                f"{type(loss).__name__} instead; a loss of MMPretrain is checked inside of a wrapper."
            )
        return loss.train()

    def build(self, epoch: int = 8, **changes) -> ElementwiseLoss:
        """The loss in training, told the label counts and the place in the run as by the hook."""
        loss = self.raw(**changes)
        self.tell(loss, epoch)
        return loss

    def tell(self, module: nn.Module, epoch: int = 8, iteration: int = 0) -> None:
        """Tell all losses of a module what ``LabelStatisticsHook`` tells them."""
        positives = 10 * torch.arange(1, self.num_classes + 1)
        names = [f"class {index}" for index in range(self.num_classes)]
        for loss in module.modules():
            if isinstance(loss, LossState):
                loss.set_label_counts(positives, 10 * self.num_classes + 70 - positives, names)
                loss.set_progress(epoch, 10, iteration)
            if hasattr(loss, "averaged_logits"):
                loss.averaged_logits = None

    def tables(self, num_images: int = 6, seed: int = 0) -> tuple[Tensor, Tensor]:
        """Logits that ask for a gradient, and labels 1/0/-1, of shape (num_images, C)."""
        generator = torch.Generator().manual_seed(seed)
        shape = (num_images, self.num_classes)
        logits = 2 * torch.randn(shape, generator=generator)
        return logits.requires_grad_(), torch.randint(-1, 2, shape, generator=generator).float()

    def call(self, loss: nn.Module, logits: Tensor, labels: Tensor, **arguments) -> Tensor:
        """Call the loss with the sample ids 0, 1, 2, ... and with maps, as the heads of this package do."""
        if "averaged_predictions" in self.traits.needs and loss.training:
            for module in loss.modules():
                if hasattr(module, "averaged_logits"):
                    module.averaged_logits = logits.detach().clone()
        return loss(logits, labels, context=self._context(logits), **arguments)

    @staticmethod
    def _context(logits: Tensor) -> LossContext:
        ids = torch.arange(len(logits), device=logits.device)
        return LossContext(sample_ids=ids, activation_maps=logits.detach()[:, :, None, None])

    def elements(self, loss: nn.Module, logits: Tensor, labels: Tensor) -> Tensor:
        """Loss of each element."""
        return self.call(loss, logits, labels, reduction_override="none")

    def returned(self, loss: ElementwiseLoss, logits: Tensor, labels: Tensor) -> Elements:
        """What the loss gives a wrapper: loss, weight and labels of each element."""
        return loss.elements(logits, labels.to(torch.int8), self._context(logits))

    def states(self, loss: nn.Module) -> Iterator[LossState]:
        """All parts of a loss that have a state."""
        return (module for module in loss.modules() if isinstance(module, LossState))

    def fail(self, expected: str, got: object, remedy: str) -> None:
        """Raise a :class:`LossLawError` in the wording of all laws."""
        raise LossLawError(f"{self.name}: {expected}. Got {got} instead. {remedy}")

    def expect_close(self, got: Tensor, wanted: Tensor, expected: str, remedy: str, **tolerance) -> None:
        """Fail unless two tensors are close, of one shape and dtype."""
        try:
            torch.testing.assert_close(got, wanted, **tolerance)
        except AssertionError as error:
            self.fail(expected, " ".join(str(error).split()), remedy)

    def expect_raises(self, kinds: type | tuple, words: str, call, expected: str, remedy: str) -> None:
        """Fail unless a call raises one of these errors with these words in its message."""
        try:
            call()
        except kinds as error:
            if words not in str(error):
                self.fail(f"{expected}, with the words {words!r}", repr(str(error)), remedy)
            return
        except Exception as error:
            self.fail(expected, repr(error), remedy)
        self.fail(expected, "no error", remedy)
