"""Protocols that no shipped config inherits from: users compare methods with them."""

from __future__ import annotations

from pathlib import Path

PROTOCOLS = Path(__file__).resolve().parents[2] / "configs" / "_base_" / "protocols"
COMPARED = [
    PROTOCOLS / f"{name}.py"
    for name in (
        "cifar100_all_known",
        "cifar100_small_conv_net",
        "cifar10_all_known",
        "cifar10_small_conv_net",
        "clothing_attributes_efficientnet_lite0",
        "clothing_attributes_fine_tuned",
        "corel5k_efficientnet_lite0",
        "corel5k_fine_tuned",
        "multi_mnist_all_known",
    )
]
