"""Loss to be checked: its config, the state that the hook sets, and logits and labels to call it with."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..functional import LossContext
from ..losses import Elements, ElementwiseLoss, LossState, PseudoLabelLoss, Traits

#: Upper bound of the sample ids of the checks, exclusive: a loss that stores values per image needs as many.
NUM_IMAGES = 16


class LossLawError(AssertionError):
    """Error of a loss that breaks a law; the message states what was expected and found, and a remedy."""


class LossCase:
    """Config of a loss, with the methods by which the laws build and call the loss.

    Args:
        config: Config of a registered loss, with the minimal arguments.
        num_classes: Number of classes C of logits and labels.

    Example:
        >>> case = LossCase(dict(type='HillLoss'))
        >>> loss = case.build()
        >>> logits, labels = case.random_batch(4)
        >>> case.call(loss, logits, labels).shape
        torch.Size([])
    """

    def __init__(self, config: dict[str, Any], num_classes: int = 3) -> None:
        self.config = dict(config)
        self.num_classes = num_classes
        self.name = (
            self.config["type"] if isinstance(self.config["type"], str) else self.config["type"].__name__
        )

    @property
    def traits(self) -> Traits:
        """Traits of the loss in training."""
        return self.raw().traits

    def raw(self, **changes: Any) -> ElementwiseLoss:
        """Build the loss in training mode, without label counts and progress."""
        loss = MODELS.build(copy.deepcopy({**self.config, **changes}))
        if not isinstance(loss, ElementwiseLoss):
            raise TypeError(
                f"The 'config' argument of check_loss must be the config of an ElementwiseLoss. Got a "
                f"{type(loss).__name__} instead. To check a loss of MMPretrain, put it inside a wrapper."
            )
        return loss.train()

    def build(self, epoch: int = 8, **changes: Any) -> ElementwiseLoss:
        """Build the loss in training mode, with label counts and progress as set by the hook."""
        loss = self.raw(**changes)
        self.prepare(loss, epoch)
        return loss

    def prepare(self, module: nn.Module, epoch: int = 8, iteration: int = 0) -> None:
        """Set label counts and progress in all losses of a module, as ``LabelStatisticsHook`` does."""
        positives = 10 * torch.arange(1, self.num_classes + 1)
        names = [f"class {index}" for index in range(self.num_classes)]
        for loss in module.modules():
            if isinstance(loss, LossState):
                loss.set_unknown_counts(torch.full_like(positives, 100))
                loss.set_label_counts(positives, 10 * self.num_classes + 70 - positives, names)
                loss.set_progress(epoch, 10, iteration)
            if isinstance(loss, PseudoLabelLoss):
                loss.averaged_logits = None

    def random_batch(self, num_images: int = 6, seed: int = 0) -> tuple[Tensor, Tensor]:
        """Return logits that require a gradient, and labels 1/0/-1, each of shape (num_images, C)."""
        generator = torch.Generator().manual_seed(seed)
        shape = (num_images, self.num_classes)
        logits = 2 * torch.randn(shape, generator=generator)
        return logits.requires_grad_(), torch.randint(-1, 2, shape, generator=generator).float()

    def call(self, loss: nn.Module, logits: Tensor, labels: Tensor, **arguments: Any) -> Tensor:
        """Call the loss with sample ids 0, 1, 2, ... and activation maps, as the heads of this package do."""
        if "averaged_predictions" in self.traits.needs and loss.training:
            for module in loss.modules():
                if isinstance(module, PseudoLabelLoss):
                    module.averaged_logits = logits.detach().clone()
        value: Tensor = loss(logits, labels, context=self._context(logits), **arguments)
        return value

    @staticmethod
    def gradient(loss: Tensor, logits: Tensor) -> Tensor:
        """Compute the gradients of a loss by backpropagation, and return that of the logits."""
        torch.autograd.backward(loss)
        return torch.zeros_like(logits) if logits.grad is None else logits.grad

    @staticmethod
    def _context(logits: Tensor) -> LossContext:
        ids = torch.arange(len(logits), device=logits.device)
        return LossContext(sample_ids=ids, activation_maps=logits.detach()[:, :, None, None])

    def elements(self, loss: nn.Module, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of each element."""
        return self.call(loss, logits, labels, reduction_override="none")

    def returned(self, loss: ElementwiseLoss, logits: Tensor, labels: Tensor) -> Elements:
        """Return loss, weight and labels of each element, as a wrapper gets them."""
        return loss.elements(logits, labels.to(torch.int8), self._context(logits))

    def states(self, loss: nn.Module) -> Iterator[LossState]:
        """Iterate over all sub-modules of a loss that have a state."""
        return (module for module in loss.modules() if isinstance(module, LossState))

    def fail(self, expected: str, got: object, remedy: str) -> NoReturn:
        """Raise a :class:`LossLawError` with the expectation, the result and a remedy."""
        raise LossLawError(f"{self.name}: {expected}. Got {got} instead. {remedy}")

    def expect_close(self, got: Tensor, wanted: Tensor, expected: str, remedy: str, **tolerance: Any) -> None:
        """Fail unless two tensors are close and have the same shape and dtype."""
        try:
            torch.testing.assert_close(got, wanted, **tolerance)
        except AssertionError as error:
            self.fail(expected, " ".join(str(error).split()), remedy)

    def expect_raises(
        self,
        kind: type[Exception],
        words: str,
        call: Callable[[], object],
        expected: str,
        remedy: str,
    ) -> None:
        """Fail unless a call raises an error of the given kind with the given words in its message."""
        try:
            call()
        except kind as error:
            if words not in str(error):
                self.fail(f"{expected}, with {words!r} in the message", repr(str(error)), remedy)
            return
        except Exception as error:
            self.fail(expected, repr(error), remedy)
        self.fail(expected, "no error", remedy)
