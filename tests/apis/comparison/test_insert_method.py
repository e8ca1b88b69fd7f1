"""Removal of the method that a base config has, and the place of a class prior."""

from pathlib import Path

import pytest
from mmengine.config import Config

from mmpretrain_imbalance.apis.comparison.compared_method import ComparedMethod, read_method
from mmpretrain_imbalance.apis.comparison.insert_method import has_class_prior, insert_method
from mmpretrain_imbalance.functional import label_figures

PROTOCOL = Path(__file__).resolve().parents[3] / "configs" / "_base_" / "protocols" / "digits_all_known.py"
PARTIAL = label_figures([30, 10, 7], [20, 40, 50], [50, 50, 43])
POSITIVES = label_figures([30, 10, 7], [0, 0, 0], [70, 90, 93])


def inserted(*names, figures=PARTIAL, **arguments):
    """Insert methods one after the other, so that the last one replaces the others."""
    cfg = Config.fromfile(PROTOCOL)
    for name in names:
        method = name if isinstance(name, ComparedMethod) else read_method(name)
        insert_method(cfg, method, figures, 100, {}, **arguments)
    return cfg.to_dict()


@pytest.mark.parametrize(
    "old", ["class_aware_sampler", "class_weighted_sampler", "repeat_factor_sampler", "permanent_large_loss"]
)
def test_nothing_of_an_old_method_remains(old):
    new = "asymmetric_pseudo_label_loss"
    assert inserted(old, new) != inserted(old)
    assert inserted(old, new) == inserted(new)


def test_all_classes_are_computed_again():
    head = inserted("active_classes", "binary_cross_entropy")["model"]["head"]
    assert head["type"] == "PartialLabelLinearClsHead"
    assert "active_fraction" not in head


@pytest.mark.parametrize(
    ("old", "hook"),
    [
        ("pseudo_label_loss_averaged", "AveragedPredictionsHook"),
        ("refit_binary_cross_entropy", "RefitHeadHook"),
    ],
)
def test_the_hook_of_an_old_method_is_removed_and_other_hooks_stay(old, hook):
    before = {hook["type"] for hook in inserted(old)["custom_hooks"]}
    after = {hook["type"] for hook in inserted(old, "hill_loss")["custom_hooks"]}
    assert before - after == {hook}
    assert {hook["type"] for hook in inserted("hill_loss")["custom_hooks"]} <= after


def test_another_sampler_stays():
    cfg = Config.fromfile(PROTOCOL)
    cfg.train_dataloader.sampler = dict(type="DefaultSampler", shuffle=True, seed=3)
    insert_method(cfg, read_method("hill_loss"), PARTIAL, 100, {})
    assert cfg.train_dataloader.sampler == dict(type="DefaultSampler", shuffle=True, seed=3)


def test_the_method_is_not_changed():
    method = read_method("class_aware_selective_loss")
    inserted(method, figures=POSITIVES)
    assert method.parts["loss"]["prior_threshold"] == 0.05


def test_a_class_prior_needs_negatives_and_random_labels():
    assert has_class_prior(PARTIAL)
    assert not has_class_prior(POSITIVES)
    assert not has_class_prior(label_figures([5] * 6, [5] * 6, [90] * 6))


def test_a_loss_without_the_required_argument_is_refused():
    method = ComparedMethod("own", {"loss": dict(type="HillLoss")}, requires=dict(class_prior="hill_loss"))
    with pytest.raises(ValueError, match=r"'own' must have an argument 'class_prior'.*Add class_prior=None"):
        inserted(method, class_prior=Path("prior.json"))
