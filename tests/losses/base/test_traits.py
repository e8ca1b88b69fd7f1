"""Traits of compositions, derived by hand from their parts."""

from __future__ import annotations

import dataclasses

import pytest
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.losses import Traits
from tests.losses.smallest_losses import PLAIN

ASL = dict(type="PartialAsymmetricLoss", gamma_neg=4, clip=0.05)
EM = dict(type="EntropyMaximizationLoss")
FOCAL = dict(type="FocalLoss")  # of MMPretrain
APL = dict(type="AsymmetricPseudoLabelLoss", num_images=8)


def around(*types: str | dict, loss: dict) -> dict:
    """Put a loss inside wrappers, which are listed from the outermost to the innermost."""
    for wrapper in reversed(types):
        loss = dict(dict(type=wrapper) if isinstance(wrapper, str) else wrapper, loss=loss)
    return loss


PLM, TRACK, PSEUDO = "PartialLabelMaskingLoss", "ClassPriorTrackingLoss", "PseudoLabelLoss"
STATISTICS, BALANCED, SELECT = "StatisticsBalancedLoss", "ClassBalancedLoss", "SelectiveNegativeLoss"
REDUCE, MATCHED = "LabelSpaceReductionLoss", "PriorMatchedPseudoLabelLoss"
BY_IMAGE = dict(type=BALANCED, scope="image")
NOW = dict(type=PSEUDO, warmup_epochs=0)
AVERAGED = dict(type=PSEUDO, warmup_epochs=0, predictions="averaged_model")
MASKED = dict(stochastic=True, masks_known=True)

#: Compositions, and their traits that differ from the defaults of `Traits`.
COMPOSITIONS = [
    # Losses by their arguments.
    (ASL, {}),
    (PLAIN, dict(bounded=False)),
    (dict(ASL, unknown="negative"), dict(unknown="negative")),
    (dict(ASL, unknown="ignore_normalized"), dict(elementwise=False)),
    (dict(type="HillLoss"), dict(unknown="negative", bounded=False)),
    (dict(type="HillLoss", unknown="ignore"), dict(bounded=False)),
    (dict(type="AssumeNegativeLoss", variant="weak"), dict(unknown="negative", elementwise=False)),
    (
        dict(type="SelfPacedCorrectionLoss"),
        dict(unknown="negative", bounded=False, needs=["progress"]),
    ),
    (
        dict(type="SelfPacedCorrectionLoss", correction_epoch=0, unknown="ignore"),
        dict(bounded=False),
    ),
    # Masking.
    (around(PLM, loss=ASL), dict(MASKED, needs=["label_counts"])),
    (
        around(PLM, loss=dict(ASL, unknown="negative")),
        dict(MASKED, unknown="negative", needs=["label_counts"]),
    ),
    (around(dict(type=PLM, stochastic=False), loss=ASL), dict(needs=["label_counts"])),
    (around(PLM, loss=EM), dict(MASKED, unknown="learned", non_negative=False, needs=["label_counts"])),
    (
        around(PLM, PSEUDO, loss=ASL),
        dict(MASKED, unknown="learned", needs=["progress", "known_negatives", "label_counts"]),
    ),
    (
        around(PLM, NOW, loss=ASL),
        dict(MASKED, unknown="learned", needs=["known_negatives", "label_counts"]),
    ),
    # Pseudo-labels.
    (around(NOW, loss=ASL), dict(unknown="learned", needs=["known_negatives"])),
    (around(NOW, loss=dict(ASL, unknown="negative")), dict(unknown="learned")),
    (
        around(dict(type=PSEUDO, warmup_epochs=0, ramp_epochs=2), loss=dict(ASL, unknown="negative")),
        dict(unknown="learned", needs=["progress"]),
    ),
    (around(AVERAGED, loss=EM), dict(unknown="learned", non_negative=False, needs=["averaged_predictions"])),
    (
        around(MATCHED, loss=PLAIN),
        dict(unknown="learned", bounded=False, needs=["progress", "known_negatives", "label_counts"]),
    ),
    (
        around(PSEUDO, loss=APL),
        dict(
            unknown="learned",
            non_negative=False,
            needs=["label_counts", "progress", "whole_epochs", "sample_ids"],
        ),
    ),
    # Selection, label space, weights.
    (around(SELECT, loss=ASL), dict(unknown="learned", elementwise=False)),
    (
        around(PLM, SELECT, BALANCED, loss=ASL),
        dict(MASKED, unknown="learned", elementwise=False, needs=["label_counts"]),
    ),
    (around(REDUCE, loss=ASL), dict(elementwise=False, stochastic=True, needs=["progress"])),
    (
        around(dict(type=REDUCE, active_fraction=0.5), loss=ASL),
        dict(elementwise=False, stochastic=True),
    ),
    (
        around(PLM, NOW, REDUCE, loss=ASL),
        dict(
            MASKED,
            unknown="learned",
            elementwise=False,
            needs=["progress", "known_negatives", "label_counts"],
        ),
    ),
    (around(BALANCED, loss=ASL), dict(needs=["label_counts"])),
    (around(BY_IMAGE, loss=ASL), dict(elementwise=False, soft_labels_mix=False, needs=["label_counts"])),
    (
        around(BY_IMAGE, loss=dict(type="LDAMLoss")),
        dict(elementwise=False, bounded=False, soft_labels_mix=False, needs=["label_counts"]),
    ),
    (around(STATISTICS, loss=ASL), dict(needs=["label_counts", "known_negatives"])),
    (
        around(TRACK, STATISTICS, loss=dict(type="DistributionBalancedLoss")),
        dict(
            elementwise=False,
            bounded=False,
            soft_labels_mix=False,
            needs=["label_counts", "known_negatives"],
        ),
    ),
    (
        around(TRACK, PLM, PSEUDO, loss=dict(type="ClassAwareSelectiveLoss")),
        dict(MASKED, unknown="learned", elementwise=False, needs=["progress", "label_counts"]),
    ),
    (
        around(PLM, TRACK, loss=dict(type="PermanentLargeLoss")),
        dict(
            MASKED,
            unknown="learned",
            elementwise=False,
            bounded=False,
            needs=["progress", "sample_ids", "label_counts"],
        ),
    ),
]


def title(config: dict) -> str:
    wrapped = config.get("loss")
    arguments = [str(value) for key, value in config.items() if key != "loss"]
    return "-".join(arguments) + (f"({title(wrapped)})" if wrapped else "")


@pytest.mark.parametrize(
    ("config", "expected"), COMPOSITIONS, ids=[title(config) for config, _ in COMPOSITIONS]
)
def test_traits_of(config, expected):
    found = MODELS.build(config).traits
    expected = dict(expected)
    assert sorted(found.needs) == sorted(expected.pop("needs", []))  # without duplicates
    assert found == Traits(needs=found.needs, **expected)


def test_a_loss_of_mmpretrain_ignores_unknown_labels():
    traits = MODELS.build(around(PLM, PSEUDO, loss=FOCAL)).traits
    assert (traits.unknown, traits.elementwise, traits.stochastic) == ("learned", True, True)
    assert "known_negatives" in traits.needs
    assert MODELS.build(around(TRACK, loss=FOCAL)).traits.unknown == "ignored"


@pytest.mark.parametrize("mode", [True, False])
def test_validation_changes_no_trait(mode):
    for config, _ in COMPOSITIONS:
        loss = MODELS.build(config)
        assert loss.train(mode).traits == MODELS.build(config).traits


def test_wrappers_pass_on_the_limit_of_sample_ids():
    assert MODELS.build(around(TRACK, PLM, PSEUDO, loss=APL)).sample_id_limit == 8
    assert MODELS.build(around(TRACK, loss=ASL)).sample_id_limit is None


def test_a_wrapper_changes_its_own_traits_only():
    wrapped = MODELS.build(ASL)
    before = wrapped.traits
    MODELS.build(around(PLM, NOW, loss=wrapped))
    assert wrapped.traits == before == Traits()
    with pytest.raises(dataclasses.FrozenInstanceError):
        wrapped.traits.unknown = "learned"


def test_also_adds_needs_once_and_in_order():
    traits = Traits(needs=("progress", "label_counts")).also(["label_counts", "sample_ids"], bounded=False)
    assert traits == Traits(needs=("progress", "label_counts", "sample_ids"), bounded=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            dict(unknown="kept"),
            "'unknown' argument of Traits must be one of 'ignored', 'negative', 'learned'",
        ),
        (
            dict(needs=("counts",)),
            "'needs' argument of Traits must be one of 'label_counts', .* Got 'counts'",
        ),
    ],
)
def test_invalid_values(arguments, message):
    with pytest.raises(ValueError, match=message):
        Traits(**arguments)
    with pytest.raises(ValueError, match=message):
        Traits().also(**arguments)
