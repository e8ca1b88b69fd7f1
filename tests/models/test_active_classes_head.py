"""Head that leaves out classes in training: unbiased, and only for losses that allow it."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

import mmpretrain_imbalance  # noqa: F401

PLAIN = dict(type="PartialAsymmetricLoss")
NUM_IMAGES, NUM_CLASSES, CHANNELS = 6, 40, 5


def build(loss=PLAIN, kind="ActiveClassesLinearClsHead", num_classes=NUM_CLASSES, **arguments):
    torch.manual_seed(0)
    head = MODELS.build(
        dict(type=kind, num_classes=num_classes, in_channels=CHANNELS, loss=loss, **arguments)
    )
    torch.nn.init.normal_(head.fc.weight)
    torch.nn.init.normal_(head.fc.bias)
    return head.double().train()


def batch():
    generator = torch.Generator().manual_seed(1)
    labels = torch.randint(-1, 1, (NUM_IMAGES, NUM_CLASSES), generator=generator).double()
    labels[0, 3] = labels[4, 17] = 1
    features = torch.randn(NUM_IMAGES, CHANNELS, generator=generator, dtype=torch.float64)
    return (features.requires_grad_(),), [DataSample().set_gt_score(row) for row in labels]


def gradients(head):
    feats, samples = batch()
    loss = head.loss(feats, samples)["loss"]
    loss.backward()
    found = loss.detach(), feats[0].grad.clone(), head.fc.weight.grad.clone(), head.fc.bias.grad.clone()
    head.zero_grad()
    return found


@pytest.mark.parametrize("hard_fraction", [0.0, 0.5])
def test_loss_and_gradients_are_those_of_all_classes_on_average(hard_fraction):
    """The running means of the losses change between the random steps, which must not matter."""
    full = gradients(build(kind="PartialLabelLinearClsHead"))
    head = build(active_fraction=0.3, hard_fraction=hard_fraction)
    steps = 300
    sums = [torch.zeros_like(tensor) for tensor in full]
    squares = [torch.zeros_like(tensor) for tensor in full]
    for _ in range(steps):
        for total, square, tensor in zip(sums, squares, gradients(head)):
            total += tensor
            square += tensor**2
    for total, square, expected in zip(sums, squares, full):
        mean = total / steps
        error = ((square / steps - mean**2).clamp(min=0) / steps).sqrt()
        assert ((mean - expected).abs() <= 5 * error + 1e-10).all()


def set_hardness(head, loss):
    """Set the running means of the losses, which change in each step."""
    head.hardness.loss.copy_(torch.as_tensor(loss, dtype=head.hardness.loss.dtype))


@pytest.mark.parametrize("boost_lu", [1.0, 5.0])
def test_mean_over_all_samples_is_the_gradient_of_all_classes(boost_lu, monkeypatch):
    """Exact test with 7 classes: 1 has a positive, 2 are hard, and 2 are sampled from the other 4."""
    arguments = dict(num_classes=7, boost_lu=boost_lu)
    head = build(**arguments, active_fraction=0.7, hard_fraction=0.5)
    full = build(kind="PartialLabelLinearClsHead", **arguments)
    generator = torch.Generator().manual_seed(1)
    labels = torch.randint(-1, 1, (3, 7), generator=generator).double()
    labels[0] = 0  # the loss of every class is positive
    labels[1, 2] = 1
    feats = torch.randn(3, CHANNELS, 2, 2, generator=generator, dtype=torch.float64)
    samples = [DataSample().set_gt_score(row) for row in labels]

    def result(head):
        head.zero_grad(set_to_none=True)
        features = feats.clone().requires_grad_()
        loss = head.loss((features,), samples)["loss"]
        loss.backward()
        return [loss.detach(), features.grad, head.fc.weight.grad, head.fc.bias.grad]

    always_active, others = {2, 4, 6}, [0, 1, 3, 5]
    permutations = list(itertools.permutations(range(4)))
    totals = None
    for permutation in permutations:
        set_hardness(head, [0.1, 0.2, 9.0, 0.3, 3.0, 0.4, 2.0])
        random = torch.zeros(1, 7, dtype=torch.int64)
        random[0, others] = torch.tensor(permutation)
        monkeypatch.setattr(head.loss_module, "random_table", lambda *size, random=random: random)
        found = result(head)
        monkeypatch.undo()
        sampled = {c for c, rank in zip(others, permutation) if rank < 2}  # the smallest random numbers
        assert (found[3] != 0).nonzero().flatten().tolist() == sorted(always_active | sampled)
        totals = found if totals is None else [total + tensor for total, tensor in zip(totals, found)]
    torch.testing.assert_close([total / len(permutations) for total in totals], result(full))


def test_hardest_classes_have_the_largest_running_mean():
    head = build(active_fraction=0.5, hard_fraction=0.5)
    for _ in range(12):  # until every class was computed: new classes come first
        gradients(head)
    running_means = head.hardness.loss.clone()
    assert running_means.isfinite().all()
    _, _, weight, _ = gradients(head)
    active = weight.abs().sum(dim=1) > 0
    running_means[[3, 17]] = -1  # these have a positive
    assert active[running_means.topk(9).indices].all()  # half of the 18 added classes
    assert active.sum() == 20
    feats, samples = batch()
    labels = torch.stack([sample.gt_score for sample in samples])
    elements = head.loss_module(head(feats), labels, reduction_override="none")
    torch.testing.assert_close(head.hardness.loss, elements.mean(dim=0), rtol=1e-4, atol=1e-5)


def test_without_hard_classes_no_losses_are_stored():
    plain = build(kind="PartialLabelLinearClsHead")
    assert build(active_fraction=0.5, hard_fraction=0).state_dict().keys() == plain.state_dict().keys()
    assert set(build().state_dict()) - set(plain.state_dict()) == {"hardness.loss"}


@pytest.mark.parametrize("activation_maps", [False, True])
def test_active_logits_are_those_of_all_classes(activation_maps):
    """With BoostLU, and with the maps for the loss."""
    head = build(active_fraction=0.25, hard_fraction=0, boost_lu=5.0, activation_maps=activation_maps)
    calls = []

    def record(module, args, kwargs):
        calls.append((args, kwargs))

    head.loss_module.register_forward_pre_hook(record, with_kwargs=True)
    _, samples = batch()
    generator = torch.Generator().manual_seed(2)
    feats = (torch.randn(NUM_IMAGES, CHANNELS, 2, 3, dtype=torch.float64, generator=generator),)
    head.loss(feats, samples)
    ((logits, _), kwargs) = calls[0]
    all_logits, maps = head(feats), head.class_activation_maps(feats)
    columns = [(all_logits[0] - value).abs().argmin().item() for value in logits[0]]
    torch.testing.assert_close(logits, all_logits[:, columns])
    assert len(columns) == 10
    if activation_maps:
        torch.testing.assert_close(kwargs["context"].activation_maps, maps[:, columns])
    else:
        assert kwargs["context"].activation_maps is None


def test_classes_with_a_positive_are_active_and_the_fraction_is_met():
    head = build(active_fraction=0.25)
    for _ in range(20):
        _, _, weight, bias = gradients(head)
        active = weight.abs().sum(dim=1) > 0
        assert active.sum() == math.ceil(0.25 * NUM_CLASSES)
        assert active[3]
        assert active[17]
        assert ((bias != 0) == active).all()


def test_other_classes_are_added_to_many_positive_classes():
    """Otherwise one sampled class would represent all other classes, with a very large weight."""
    head = build(active_fraction=0.2)
    feats, samples = batch()
    for sample in samples:
        sample.gt_score[:30] = 1
    weights = head._class_weights(samples[0].gt_score > 0)
    assert (weights > 0).sum() == 30 + 2  # a quarter of 8
    assert weights.max() == 10 / 2
    for sample in samples:
        sample.gt_score[:39] = 1
    full = build(kind="PartialLabelLinearClsHead").loss(feats, samples)
    torch.testing.assert_close(head.loss(feats, samples), full)


def test_the_loss_gets_only_the_active_logits():
    head = build(active_fraction=0.25)
    shapes = []
    head.loss_module.register_forward_pre_hook(lambda module, args: shapes.append(tuple(args[0].shape)))
    head.loss(*batch())
    assert shapes == [(NUM_IMAGES, 10)]


def test_the_fraction_changes_with_the_epoch_and_fraction_one_is_the_plain_head():
    head = build(active_fraction=(1.0, 0.25))
    head.loss_module.set_progress(0, 4, 0)
    torch.testing.assert_close(gradients(head), gradients(build(kind="PartialLabelLinearClsHead")))
    for epoch, active in ((1, 30), (3, 10), (7, 10)):
        head.loss_module.set_progress(epoch, 4, 0)
        assert (gradients(head)[3] != 0).sum() == active


def test_the_sampling_is_a_function_of_the_iteration():
    head = build(active_fraction=0.25)
    active = []
    for iteration in (5, 5, 6):
        head.loss_module.set_progress(0, 4, iteration)
        set_hardness(head, torch.arange(NUM_CLASSES))
        active.append(gradients(head)[3] != 0)
    assert (active[0] == active[1]).all()
    assert (active[0] != active[2]).any()


def test_validation_computes_all_classes():
    head, full = build(active_fraction=0.25).eval(), build(kind="PartialLabelLinearClsHead").eval()
    feats, samples = batch()
    torch.testing.assert_close(head(feats), full(feats), rtol=0, atol=0)
    torch.testing.assert_close(head.loss(feats, samples), full.loss(feats, samples))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("active_fraction", fraction) for fraction in (0, 1.5, (0.5, 0), (1, 1, 1))),
        *(("hard_fraction", fraction) for fraction in (-0.1, 1.1)),
        *(("hardness_momentum", momentum) for momentum in (0, 2)),
    ],
)
def test_fractions_out_of_range(name, value):
    with pytest.raises(ValueError, match=f"'{name}' argument of ActiveClassesLinearClsHead"):
        build(**{name: value})


def test_a_changing_fraction_needs_the_epoch():
    head = build(active_fraction=(1.0, 0.5))
    with pytest.raises(RuntimeError, match=r"ActiveClassesLinearClsHead changes with the epoch.* Add dict"):
        head.loss(*batch())
    head.eval().loss(*batch())


def test_reduction_and_weight_of_the_loss_are_used():
    feats, samples = batch()
    for arguments in (dict(reduction="sum"), dict(reduction="mean_images", loss_weight=3.0)):
        loss = dict(PLAIN, **arguments)
        full = build(loss, kind="PartialLabelLinearClsHead").loss(feats, samples)
        torch.testing.assert_close(build(loss, active_fraction=1.0).loss(feats, samples), full)


def test_a_head_from_a_checkpoint_continues_identically():
    def step(head, iteration):
        head.loss_module.set_progress(0, 4, iteration)
        return gradients(head)

    head = build(active_fraction=0.25)
    for iteration in range(4):
        step(head, iteration)
    resumed = build(active_fraction=0.25)
    resumed.load_state_dict(head.state_dict())
    for iteration in range(4, 8):
        torch.testing.assert_close(step(resumed, iteration), step(head, iteration), rtol=0, atol=0)


def test_a_loss_that_needs_all_classes_raises():
    with pytest.raises(ValueError, match=r"'loss' argument of ActiveClassesLinearClsHead .* LargeLoss"):
        build(dict(type="LargeLoss", delta=0.5, reduction="mean_images"))
