"""Mean and covariance of the features of all images, and the mean of each class, in one pass."""

from __future__ import annotations

import torch
from torch import Tensor

from ..labels import NEGATIVE, POSITIVE
from .label_batches import Batches, ReduceSum
from .linear_head import LinearHead


class ClassMoments:
    r"""Moments of the features of any number of images, in C x D + D x D numbers.

    .. math:: m = \frac{1}{N} \sum_n x_n, \qquad S = \frac{1}{N} \sum_n (x_n - m)(x_n - m)^\top, \qquad
        m_c^+ = \frac{1}{n_c^+} \sum_{n: y_{nc} = 1} x_n

    The mean :math:`m` and the covariance :math:`S` are those of all images, whatever is annotated of them.
    Batches are joined in float64 by the formula of Chan, Golub and LeVeque (1983),

    .. math:: N S = N_a S_a + N_b S_b + \frac{N_a N_b}{N_a + N_b} (m_b - m_a)(m_b - m_a)^\top,

    which subtracts no large numbers from each other.

    Args:
        num_classes: The number of classes C.
        num_features: The number of features D.
        device: Device of the sums, to which the batches are moved.

    Attributes:
        num_images: The number of images N, float64, of shape ().
        mean: The mean :math:`m`, of shape (D,).
        num_positives: The numbers of known positives :math:`n_c^+`, of shape (C,).
        num_negatives: The numbers of known negatives, of shape (C,).

    Example:
        >>> moments = ClassMoments(num_classes=2, num_features=1)
        >>> moments.add(torch.tensor([[1.0], [3.0]]), torch.tensor([[1, -1], [1, 0]]))
        >>> moments.add(torch.tensor([[5.0]]), torch.tensor([[0, 0]]))
        >>> moments.mean, moments.class_means
        (tensor([3.], dtype=torch.float64), tensor([[2.],
                [3.]], dtype=torch.float64))
    """

    def __init__(self, num_classes: int, num_features: int, device: torch.device | str = "cpu") -> None:
        def zeros(*shape: int) -> Tensor:
            return torch.zeros(shape, dtype=torch.float64, device=device)

        self.num_images, self.mean = zeros(), zeros(num_features)
        self.num_positives, self.num_negatives = zeros(num_classes), zeros(num_classes)
        self._squares = zeros(num_features, num_features)  # N S
        self._class_sums = zeros(num_classes, num_features)

    def add(self, features: Tensor, labels: Tensor) -> None:
        """Count the images of a batch.

        Args:
            features: Features of shape (n, D).
            labels: 1 positive, 0 negative, -1 unknown, of shape (n, C).

        Raises:
            ValueError: If the shapes do not match, or a feature is NaN or infinite.
        """
        self._check(features, labels)
        if not len(features):
            return
        features, labels = features.detach().to(self.mean), labels.to(self.mean.device)
        positive = (labels == POSITIVE).to(self.mean)
        self.num_positives += positive.sum(dim=0)
        self.num_negatives += (labels == NEGATIVE).sum(dim=0)
        self._class_sums.addmm_(positive.T, features)

        count, batch_mean = len(features), features.mean(dim=0)
        if not batch_mean.isfinite().all():
            raise ValueError(
                "The 'features' argument of ClassMoments.add must be finite numbers. Got NaN or an infinite "
                "number instead: the training has diverged, or an image is invalid."
            )
        centered, difference = features - batch_mean, batch_mean - self.mean
        total = self.num_images + count
        self._squares.addmm_(centered.T, centered)
        self._squares.addr_(difference, difference * (self.num_images * count / total))
        self.mean += difference * (count / total)
        self.num_images = total

    def summed(self, reduce_sum: ReduceSum) -> ClassMoments:
        r"""Return the moments of the images of all ranks.

        A sum of the covariances of the ranks would lack the differences between their means. The ranks
        therefore first sum :math:`N_r` and :math:`N_r m_r`, from which each has the mean :math:`m` of all
        images, and then the squares around it, :math:`N_r S_r + N_r (m_r - m)(m_r - m)^\top`.

        Args:
            reduce_sum: Sum of a tensor over all ranks.

        Returns:
            The moments of the union of the images, which are the same on each rank.
        """
        num_classes, num_features = self._class_sums.shape
        result = ClassMoments(num_classes, num_features, self.mean.device)
        result.num_images = reduce_sum(self.num_images)
        result.mean = reduce_sum(self.num_images * self.mean) / result.num_images.clamp(min=1)
        result.num_positives = reduce_sum(self.num_positives)
        result.num_negatives = reduce_sum(self.num_negatives)
        result._class_sums = reduce_sum(self._class_sums)
        difference = self.mean - result.mean
        result._squares = reduce_sum(torch.addr(self._squares, difference, difference * self.num_images))
        return result

    @property
    def covariance(self) -> Tensor:
        """The covariance :math:`S` of all images, of shape (D, D)."""
        return self._squares / self.num_images.clamp(min=1)

    @property
    def class_means(self) -> Tensor:
        """The mean of the known positives of each class, or of all images without one, of shape (C, D)."""
        means = self._class_sums / self.num_positives.clamp(min=1)[:, None]
        return torch.where(self.num_positives[:, None] > 0, means, self.mean)

    def _check(self, features: Tensor, labels: Tensor) -> None:
        num_classes, num_features = self._class_sums.shape
        for name, value, width in (("features", features, num_features), ("labels", labels, num_classes)):
            if value.shape != (len(features), width):
                raise ValueError(
                    f"The '{name}' argument of ClassMoments.add must have the shape "
                    f"({len(features)}, {width}). Got {tuple(value.shape)} instead."
                )


def class_moments(batches: Batches, head: LinearHead, reduce_sum: ReduceSum) -> ClassMoments:
    """Compute the moments of the images of all ranks.

    Args:
        batches: Images of this rank.
        head: Head of the same classes and features, whose device the moments have.
        reduce_sum: Sum of a tensor over all ranks.

    Returns:
        The moments.

    Example:
        >>> head = LinearHead(torch.zeros(1, 2), torch.zeros(1))
        >>> batches = [(torch.tensor([[1.0, 2.0]]), torch.tensor([[1]]))]
        >>> class_moments(batches, head, lambda values: values).mean
        tensor([1., 2.], dtype=torch.float64)
    """
    num_classes, num_features = head.weight.shape
    moments = ClassMoments(num_classes, num_features, head.weight.device)
    for features, labels in batches:
        moments.add(features, labels)
    return moments.summed(reduce_sum)
