"""Arguments of losses from the training set, compared with numbers computed by hand."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from mmengine.config import Config, ConfigDict
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.apis.loss_arguments import arguments_from_data
from mmpretrain_imbalance.functional import label_figures
from mmpretrain_imbalance.utils.shipped_files import shipped_folder

METHODS = sorted((shipped_folder("configs") / "_base_" / "methods").glob("*.py"))
FIGURES = label_figures([30, 10, 5], [20, 50, 60], [50, 40, 35])
# Unknown labels times the frequency of their class, and known positives, per image.
MISSING = (50 * 30 / 50 + 40 * 10 / 60 + 35 * 5 / 65) / 100
POSITIVES = 45 / 100
# These methods need a file of pseudo-labels.
NEED_A_FILE = ("entropy_maximization_pseudo_label_loss", "generalized_pseudo_label_robust_loss")
PLAIN = dict(type="PartialAsymmetricLoss")


def filled(loss: dict, figures=FIGURES, num_images: int = 120, max_epochs: int = 9) -> dict:
    return arguments_from_data(loss, figures, num_images, max_epochs, method="own", caller="compare")


def test_required_arguments_are_found_at_every_level() -> None:
    role = dict(type="OnlineLabelEstimationLoss", reduction="mean")
    for depth in range(3):
        loss = copy.deepcopy(role)
        for _ in range(depth):
            loss = dict(type="ClassPriorTrackingLoss", loss=loss)
        found = filled(loss)
        for _ in range(depth):
            assert set(found) == {"type", "loss"}
            found = found["loss"]
        assert found == dict(
            role, num_images=120, num_classes=3, expected_positives=round(POSITIVES + MISSING, 2)
        )


def test_arguments_of_the_config_are_kept() -> None:
    loss = dict(type="OnlineLabelEstimationLoss", num_images=7, num_classes=8, expected_positives=9)
    assert filled(loss) == loss


@pytest.mark.parametrize("loss", [PLAIN, dict(type="StatisticsBalancedLoss", loss=PLAIN)])
def test_a_loss_without_such_arguments_is_unchanged(loss: dict) -> None:
    assert filled(loss) == loss


@pytest.mark.parametrize("topk", ["auto", 5])
def test_likelihood_topk_of_the_config_is_kept(topk: object) -> None:
    """The loss itself computes ``'auto'``, from the same estimate."""
    selective = dict(type="SelectiveNegativeLoss", likelihood_topk=topk, loss=dict(type="HillLoss"))
    wrapped = dict(type="PartialLabelMaskingLoss", loss=selective)
    assert filled(wrapped) == wrapped


def test_expected_positives_of_labels_that_say_nothing_about_missing_ones() -> None:
    # With a fixed number of labels per class, or no negatives, one missing positive per image is assumed.
    for counts in (([5] * 3, [5] * 3, [90] * 3), ([10, 5, 7], [0] * 3, [90, 95, 93])):
        found = filled(dict(type="ExpectedPositivesLoss"), label_figures(*counts))
        assert found["expected_positives"] == pytest.approx(sum(counts[0]) / 100 + 1, abs=0.01)


def test_without_negatives_one_positive_of_each_image_is_missing() -> None:
    """The frequency of a class is not 1, although all of its known labels are positive."""
    single = label_figures([30, 40, 30], [0, 0, 0], [70, 60, 70])
    assert filled(dict(type="ExpectedPositivesLoss"), single)["expected_positives"] == 2


def test_warm_up_is_half_of_the_epochs_in_one_loss_only() -> None:
    assert filled(dict(type="AsymmetricPseudoLabelLoss", warmup_epochs=5), max_epochs=9)["warmup_epochs"] == 4
    other = dict(type="PseudoLabelLoss", warmup_epochs=5, loss=PLAIN)
    assert filled(other)["warmup_epochs"] == 5


def test_the_argument_is_not_changed() -> None:
    loss = ConfigDict(type="ClassPriorTrackingLoss", loss=dict(type="ExpectedPositivesLoss", reduction="sum"))
    before = copy.deepcopy(loss)
    found = filled(loss)
    found["loss"]["reduction"] = "mean"
    assert loss == before


def test_a_loss_that_needs_a_file_raises() -> None:
    loss = dict(type="ClassPriorTrackingLoss", loss=dict(type="GeneralizedPseudoLabelRobustLoss"))
    with pytest.raises(
        ValueError, match=r"'method' argument of compare must .* Got 'own' .* 'pseudo_labels'"
    ):
        filled(loss)


@pytest.mark.parametrize("path", METHODS, ids=lambda path: path.stem)
def test_the_loss_of_every_method_can_be_built(path: Path) -> None:
    loss = Config.fromfile(path).loss
    if path.stem in NEED_A_FILE:
        with pytest.raises(ValueError, match="whose loss needs 'pseudo_labels'"):
            filled(loss)
    else:
        MODELS.build(filled(loss))
