"""CSL: the formula of the paper, and the sources of its prior."""

from __future__ import annotations

import math

import pytest
import torch
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.utils.class_values import write_named_values
from tests.losses.smallest_losses import build, prepare, random_batch

NAME = "ClassAwareSelectiveLoss"
CLASSES = ["class 0", "class 1", "class 2"]


def by_hand(logits, labels, prior, threshold, topk, clip):
    """Compute the sum over all elements with gammas 0, 1, 4, as in the paper."""
    num_images, num_classes = labels.shape
    elements, unknown = {}, []
    for n in range(num_images):
        for c in range(num_classes):
            p = 1 / (1 + math.exp(-logits[n, c].item()))
            q = min(1 - p + clip, 1)
            y = labels[n, c].item()
            gamma = {1: 0, 0: 1, -1: 4}[y]
            value = -math.log(p) if y == 1 else -math.log(q)
            elements[n, c] = value * (1 - (p if y == 1 else q)) ** gamma
            if y == -1:
                unknown.append((q, -p, n, c))
                if prior[c] > threshold:
                    elements[n, c] = 0.0
    for *_, n, c in sorted(unknown)[: round(topk * num_images)]:
        elements[n, c] = 0.0
    return sum(elements.values())


@pytest.mark.parametrize("clip", [0.0, 0.05])
@pytest.mark.parametrize("topk", [0, 0.5, 1, 3])
def test_equals_the_loop(topk, clip):
    logits, labels = random_batch(8, 5)
    prior = [0.0, 0.02, 0.2, 0.05, 0.06]
    arguments = dict(likelihood_topk=topk, class_prior=prior, prior_threshold=0.05, clip=clip)
    loss = build(dict(type=NAME, reduction="sum", **arguments), 5)
    assert loss(logits, labels).item() == pytest.approx(
        by_hand(logits, labels, prior, 0.05, topk, clip), rel=1e-5
    )


def test_left_out_elements_get_no_gradient():
    logits, labels = torch.tensor([[3.0, 1.0, -1.0]], requires_grad=True), torch.full((1, 3), -1)
    build(dict(type=NAME, likelihood_topk=1))(logits, labels).backward()
    assert logits.grad[0, 0] == 0
    assert (logits.grad[0, 1:] > 0).all()


@pytest.mark.parametrize("ending", ["json", "csv"])
def test_prior_of_a_file_is_matched_by_name(tmp_path, ending):
    path = tmp_path / f"prior.{ending}"
    write_named_values(
        path, ["class 2", "other", "class 0", "class 1"], dict(class_prior=[0.3, 0.9, 0.1, 0.2])
    )
    loss = build(dict(type=NAME, class_prior=str(path)))
    torch.testing.assert_close(loss.selection.class_prior, torch.tensor([0.1, 0.2, 0.3]))
    restored = MODELS.build(dict(type=NAME, class_prior=str(path)))
    restored.load_state_dict(loss.state_dict())
    torch.testing.assert_close(restored(*random_batch()), loss(*random_batch()))


def test_prior_of_a_list_stays_when_weights_of_another_run_are_loaded(tmp_path):
    write_named_values(tmp_path / "prior.csv", CLASSES, dict(class_prior=[0.7, 0.8, 0.9]))
    other = build(dict(type=NAME, class_prior=str(tmp_path / "prior.csv")))
    assert "selection.class_prior" in other.state_dict()
    ignored = build(dict(type="ClassPriorTrackingLoss", loss=dict(type="PartialAsymmetricLoss")))
    ignored(*random_batch())
    ignored.update_statistics()
    loss = build(dict(type=NAME, class_prior=[0.1, 0.2, 0.3]))
    for weights in (other, ignored):
        loss.load_state_dict(weights.state_dict(), strict=False)
        torch.testing.assert_close(loss.selection.class_prior, torch.tensor([0.1, 0.2, 0.3]))


def test_invalid_priors(tmp_path):
    path = tmp_path / "prior.json"
    write_named_values(path, ["class 0", "class 1"], dict(class_prior=[0.1, 0.2]))
    loss = MODELS.build(dict(type=NAME, class_prior=str(path)))
    with pytest.raises(RuntimeError, match=r"has not read its class prior .*LabelStatisticsHook"):
        loss(*random_batch())
    with pytest.raises(
        ValueError,
        match=r"prior.json: expected a class_prior value for each of the 3 classes, found none for 'class 2'",
    ):
        prepare(loss)
    with pytest.raises(
        ValueError,
        match=r"must be a list in class order if the dataset has no class names. Got values by class name",
    ):
        loss.selection.set_label_counts(torch.ones(2), torch.ones(2))
    with pytest.raises(FileNotFoundError, match=r"absent.json"):
        build(dict(type=NAME, class_prior=str(tmp_path / "absent.json")))
    with pytest.raises(
        ValueError,
        match=r"'class_prior' argument of ClassAwareSelectiveLoss must be one number for each of the 3 "
        r"classes. Got the shape \(2,\)",
    ):
        build(dict(type=NAME, class_prior=[0.1, 0.2]))


def test_invalid_arguments():
    with pytest.raises(TypeError, match=r"has no 'unknown' argument"):
        MODELS.build(dict(type=NAME, unknown="ignore"))
    with pytest.raises(
        ValueError,
        match=r"'topk_scope' argument of ClassAwareSelectiveLoss must be one of 'batch', 'image'. Got 'all'",
    ):
        MODELS.build(dict(type=NAME, topk_scope="all"))
    with pytest.raises(
        ValueError, match=r"'likelihood_topk' argument of ClassAwareSelectiveLoss must be at least 0. Got -1"
    ):
        MODELS.build(dict(type=NAME, likelihood_topk=-1))
    with pytest.raises(
        ValueError,
        match=r"'likelihood_topk' argument of ClassAwareSelectiveLoss must be an integer .* Got 0.5",
    ):
        MODELS.build(dict(type=NAME, likelihood_topk=0.5, topk_scope="image"))


def test_left_out_elements_are_not_counted():
    logits, labels = torch.zeros(2, 3), torch.tensor([[1, 0, -1], [-1, -1, 0]])
    arguments = dict(type=NAME, gamma_neg=0, gamma_unknown=0, likelihood_topk=0.5)
    assert build(dict(arguments, reduction="mean_kept"))(logits, labels).item() == pytest.approx(math.log(2))
