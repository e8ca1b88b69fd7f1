"""Inputs of the loss from the heads of this package and of MMPretrain."""

from __future__ import annotations

import pytest
import torch
from mmengine.model import BaseModule
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from mmpretrain_imbalance.functional.losses.loss_context import LossContext
from mmpretrain_imbalance.losses.base.traits import Traits

MMPRETRAIN_HEADS = ("MultiLabelClsHead", "MultiLabelLinearClsHead", "CSRAClsHead")
OUR_HEADS = ("PartialLabelLinearClsHead", "PartialLabelCSRAClsHead")


class RecordingLoss(nn.Module):
    """Binary cross-entropy over known labels that stores its arguments."""

    def forward(self, logits, labels, weight=None, avg_factor=None, reduction_override=None, **kwargs):
        self.labels, self.avg_factor, self.further = labels, avg_factor, kwargs
        known = labels != -1
        elements = binary_cross_entropy_with_logits(logits, labels, reduction="none")
        return elements[known].sum() / avg_factor


class ContextLoss(RecordingLoss):
    """Loss with traits, so that the heads pass a context."""

    traits = Traits()


def build_head(name: str, loss: nn.Module, **kwargs) -> BaseModule:
    settings = {} if name == "MultiLabelClsHead" else dict(num_classes=3, in_channels=4)
    if "CSRA" in name:
        settings.update(num_heads=2, lam=0.5)
    torch.manual_seed(0)
    head = MODELS.build(dict(type=name, loss=loss, **settings, **kwargs))
    head.init_weights()
    return head


def features_for(name: str) -> tuple[torch.Tensor]:
    shape = (2, 4, 3, 5) if "CSRA" in name else (2, 3) if name == "MultiLabelClsHead" else (2, 4)
    return (torch.rand(shape, generator=torch.Generator().manual_seed(1)),)


def samples(**metainfo) -> list[DataSample]:
    labels = torch.tensor([[1.0, 0.0, -1.0], [-1.0, -1.0, 1.0]])
    return [
        DataSample(metainfo={key: value[row] for key, value in metainfo.items()}).set_gt_score(labels[row])
        for row in range(2)
    ]


@pytest.mark.parametrize("name", MMPRETRAIN_HEADS + OUR_HEADS)
def test_labels_reach_a_plain_loss_unchanged(name):
    loss = RecordingLoss()
    build_head(name, loss).loss(features_for(name), samples(sample_idx=[5, 8]))
    assert loss.labels.tolist() == [[1, 0, -1], [-1, -1, 1]]
    assert loss.avg_factor == 2
    assert loss.further == {}


@pytest.mark.parametrize(("ours", "mmpretrain"), list(zip(OUR_HEADS, MMPRETRAIN_HEADS[1:])))
def test_logits_loss_and_predictions_are_those_of_mmpretrain(ours, mmpretrain):
    head, reference = build_head(ours, RecordingLoss()), build_head(mmpretrain, RecordingLoss())
    reference.load_state_dict(head.state_dict())
    feats = features_for(ours)
    torch.testing.assert_close(head(feats), reference(feats), rtol=0, atol=0)
    torch.testing.assert_close(head.loss(feats, samples()), reference.loss(feats, samples()), rtol=0, atol=0)
    for sample, expected in zip(head.predict(feats), reference.predict(feats)):
        torch.testing.assert_close(sample.pred_score, expected.pred_score, rtol=0, atol=0)
        assert sample.pred_label.tolist() == expected.pred_label.tolist()


@pytest.mark.parametrize("name", OUR_HEADS)
def test_sample_ids_reach_a_loss_that_accepts_them(name):
    loss = ContextLoss()
    head = build_head(name, loss)
    head.loss(features_for(name), samples(sample_idx=[5, 8]))
    (context,) = loss.further.values()
    assert isinstance(context, LossContext)
    assert context.sample_ids.dtype == torch.int64
    assert context.sample_ids.tolist() == [5, 8]
    assert context.activation_maps is None
    head.loss(features_for(name), samples())
    assert loss.further["context"].sample_ids is None


def test_maps_of_the_linear_head_are_the_classifier_at_each_position():
    loss = ContextLoss()
    head = build_head("PartialLabelLinearClsHead", loss, activation_maps=True)
    nn.init.normal_(head.fc.bias)
    (feats,) = features_for("CSRA")
    head.loss((feats,), samples())
    maps = loss.further["context"].activation_maps
    for row, column in ((0, 0), (1, 4), (2, 3)):
        torch.testing.assert_close(maps[:, :, row, column], head.fc(feats[:, :, row, column]))
    torch.testing.assert_close(maps.mean(dim=(2, 3)), head((feats,)))


def test_maps_of_the_attention_head_average_to_its_pooled_logits():
    loss = ContextLoss()
    head = build_head("PartialLabelCSRAClsHead", loss, activation_maps=True)
    feats = features_for("CSRA")
    head.loss(feats, samples())
    for module in head.csra_heads:
        module.lam = 0  # leaves only the average pooling of MMPretrain's forward
    maps = loss.further["context"].activation_maps
    assert maps.shape == (2, 3, 3, 5)
    torch.testing.assert_close(maps.mean(dim=(2, 3)), head(feats))


def test_maps_need_features_that_are_maps():
    head = build_head("PartialLabelLinearClsHead", ContextLoss(), activation_maps=True)
    with pytest.raises(ValueError, match=r"of shape \(N, D, H, W\). Got the shape \(2, 4\) instead.*neck"):
        head.loss(features_for("PartialLabelLinearClsHead"), samples())


@pytest.mark.parametrize("name", MMPRETRAIN_HEADS[1:] + OUR_HEADS)
def test_a_classifier_trains_and_predicts_with_sparse_labels(name):
    loss = RecordingLoss()
    model = MODELS.build(
        dict(
            type="ImageClassifier",
            data_preprocessor=dict(
                type="PartialLabelDataPreprocessor",
                num_classes=3,
                unknown_labels="allow",  # for RecordingLoss
                mean=[127.5],
                std=[127.5],
            ),
            train_cfg=dict(augments=dict(type="PartialLabelMixup", alpha=0.2), probs=1.0),
            backbone=dict(type="SmallConvNet", channels=(4,), pool=None if "CSRA" in name else "max"),
            head=build_head(name, loss),
        )
    )
    assert type(model.data_preprocessor.batch_augments.augments[0]).__name__ == "PartialLabelMixup"
    sample = DataSample(gt_label_indices=torch.tensor([2, 0]), gt_label_values=torch.tensor([0, 1]))
    batch = dict(
        inputs=[torch.full((1, 8, 8), 9, dtype=torch.uint8)] * 2, data_samples=[sample, sample.clone()]
    )

    losses = model(**model.data_preprocessor(batch, training=True), mode="loss")
    losses["loss"].backward()
    assert loss.labels.tolist() == [[1, -1, 0]] * 2
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())
    predictions = model.eval().val_step(batch)
    assert predictions[1].pred_score.shape == (3,)
    assert predictions[1].gt_score.tolist() == [1, -1, 0]


def test_the_loss_of_mmpretrain_uses_minus_one_as_a_number():
    """The reason for this package: the loss of MMPretrain has no lower bound for a label of -1."""
    head = build_head("MultiLabelClsHead", MODELS.build(dict(type="CrossEntropyLoss", use_sigmoid=True)))
    confident = (torch.tensor([[0.0, 0.0, -1e4], [0.0, 0.0, 0.0]]),)
    assert head.loss(confident, samples())["loss"] < -100


@pytest.mark.parametrize("augment", [None, dict(type="PartialLabelMixup", alpha=1.0)])
@pytest.mark.parametrize("soft", [False, True])
def test_the_loss_gets_int8_labels_if_no_label_can_be_soft(augment, soft):
    preprocessor = MODELS.build(
        dict(
            type="PartialLabelDataPreprocessor",
            num_classes=3,
            batch_augments=None if augment is None else dict(augments=[augment]),
        )
    )
    values = torch.tensor([0.5, 0.0]) if soft else torch.tensor([1, 0])
    samples = [DataSample(gt_label_indices=torch.tensor([0, 2]), gt_label_values=values) for _ in range(2)]
    batch = preprocessor(dict(inputs=[torch.zeros(3, 4, 4)] * 2, data_samples=samples), training=True)
    loss = dict(type="PartialAsymmetricLoss", gamma_neg=1)
    head = MODELS.build(
        dict(type="PartialLabelLinearClsHead", num_classes=3, in_channels=4, loss=loss)
    ).train()
    seen = []
    head.loss_module.register_forward_pre_hook(lambda module, args: seen.append(args[1]))
    features = (torch.ones(2, 4),)
    found = head.loss(features, batch["data_samples"])["loss"]
    assert seen[0].dtype == (torch.float32 if soft or augment else torch.int8)
    labels = torch.stack([sample.gt_score for sample in batch["data_samples"]])
    torch.testing.assert_close(found, head.loss_module(head(features), labels))
