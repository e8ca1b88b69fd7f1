"""Short trainings whose scores are used to compare threshold rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from _lib.threshold_data import Images
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from mmpretrain_imbalance.functional import simulate_partial_labels

_IGNORE = dict(type="PartialAsymmetricLoss", unknown="ignore")


@dataclass(frozen=True)
class Training:
    """A short training.

    Attributes:
        loss: Config of the loss.
        unknown: Fraction of the training labels that are made unknown.
        epochs: Number of epochs.
        hardly_trained: Whether a linear layer starts with weights of 0 and with the frequencies of the
            classes as its probabilities, and learns at a tenth of the rate. The scores then differ more
            between classes than within a class, as after too short a training of a large network.
    """

    loss: dict[str, Any]
    unknown: float = 0.0
    epochs: int = 20
    hardly_trained: bool = False


TRAININGS = {
    "ignore": Training(_IGNORE),
    "class weights": Training(
        dict(type="StatisticsBalancedLoss", loss=_IGNORE, max_weight=10, normalize=False)
    ),
    "CSL, half of the labels": Training(
        dict(type="ClassAwareSelectiveLoss", likelihood_topk=1, gamma_neg=1, gamma_unknown=4), unknown=0.5
    ),
}
#: Trainings on 96 photographs.
SMALL_TRAININGS = {
    "trained": Training(_IGNORE, unknown=0.4),
    "one epoch": Training(_IGNORE, unknown=0.4, epochs=1),
    "hardly trained": Training(_IGNORE, unknown=0.4, epochs=10, hardly_trained=True),
}


def trained_scores(
    training: Training, images: Images, others: Sequence[Images], seed: int
) -> list[np.ndarray]:
    """Train a model, and predict the probabilities of other images.

    Pixels are the input of a small ConvNet, and features that of a linear layer, after standardization.

    Args:
        training: The training.
        images: The training images.
        others: Further images, for example those of validation and test.
        seed: Seed of the unknown labels, the initial weights and the order of the images.

    Returns:
        The probabilities of each of ``others``, float32 of shape (N, C).
    """
    torch.manual_seed(seed)
    labels = simulate_partial_labels(images.labels, "rps", seed=seed, probability=training.unknown)
    positives, negatives = ((labels == value).sum(axis=0) for value in (1, 0))
    prior = (positives + 0.5) / (positives + negatives + 1)
    config = dict(training.loss)
    if config["type"] == "ClassAwareSelectiveLoss":
        config["class_prior"] = prior.tolist()
    loss = MODELS.build(config)
    if hasattr(loss, "set_label_counts"):
        loss.set_label_counts(torch.as_tensor(positives), torch.as_tensor(negatives))
    model, rate = build_model(images, labels.shape[1])
    if training.hardly_trained:
        rate /= 10
        with torch.no_grad():
            model[-1].weight.zero_()
            model[-1].bias.copy_(torch.logit(torch.as_tensor(prior)))
    optimize(model, loss, images.inputs, torch.as_tensor(labels), rate, training.epochs)
    model.eval()
    with torch.inference_mode():
        return [
            torch.cat([model(part) for part in other.inputs.split(250)]).sigmoid().numpy() for other in others
        ]


def build_model(images: Images, num_classes: int) -> tuple[nn.Sequential, float]:
    """Build a model for pixels or for features, and return it with its learning rate."""
    if images.inputs.ndim == 4:
        backbone = MODELS.build(dict(type="SmallConvNet", in_channels=1, channels=(16, 32, 64), pool="max"))
        return nn.Sequential(backbone, LastOutput(), nn.Linear(64, num_classes)), 8e-3
    mean, std = images.inputs.mean(0), images.inputs.std(0).clamp(min=1e-3)
    return nn.Sequential(Standardize(mean, std), nn.Linear(len(mean), num_classes)), 1e-3


class LastOutput(nn.Module):
    """The last of several outputs, as flat features."""

    def forward(self, outputs: tuple[Tensor, ...]) -> Tensor:
        """Return the last output, of shape (N, D)."""
        return outputs[-1].flatten(1)


class Standardize(nn.Module):
    """Features with mean 0 and standard deviation 1."""

    def __init__(self, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.mean, self.std = mean, std

    def forward(self, features: Tensor) -> Tensor:
        """Return the standardized features, of shape (N, D)."""
        return (features - self.mean) / self.std


def optimize(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    inputs: Tensor,
    labels: Tensor,
    rate: float,
    epochs: int,
    batch_size: int = 64,
) -> None:
    """Train a model with AdamW and one cycle of the learning rate."""
    steps = epochs * -(-len(inputs) // batch_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.2)
    model.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(inputs)).split(batch_size):
            optimizer.zero_grad()
            loss(model(inputs[batch]), labels[batch]).backward()
            optimizer.step()
            schedule.step()
