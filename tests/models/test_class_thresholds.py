"""Per-class thresholds in the heads, in all formats."""

from __future__ import annotations

import copy
import io

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmpretrain.registry import MODELS

import mmpretrain_imbalance  # noqa: F401
from mmpretrain_imbalance.functional.metrics.predicted_labels import labels_above
from mmpretrain_imbalance.utils.class_values import write_named_values

NAMES = ["cat", "dog", "eel"]
THRESHOLDS = [0.3, 0.9, 0.7]
KINDS = {
    "PartialLabelLinearClsHead": {},
    "ActiveClassesLinearClsHead": dict(active_fraction=0.5),
    "PartialLabelCSRAClsHead": dict(num_heads=2, lam=0.1),
}
LOSS = dict(type="PartialAsymmetricLoss")


def build(kind="PartialLabelLinearClsHead", **arguments):
    torch.manual_seed(0)
    return MODELS.build(
        dict(type=kind, num_classes=3, in_channels=4, loss=LOSS, **KINDS[kind], **arguments)
    ).eval()


def predicted(head, scores: np.ndarray) -> np.ndarray:
    """Return the labels that the head predicts for scores, of shape (N, C)."""
    logits = torch.logit(torch.as_tensor(scores))
    labels = np.zeros(scores.shape, dtype=bool)
    for row, sample in enumerate(head._get_predictions(logits, None)):
        labels[row, sample.pred_label.numpy()] = True
    return labels


@pytest.fixture
def scores() -> np.ndarray:
    return np.random.default_rng(0).uniform(0.01, 0.99, (50, 3)).astype(np.float32)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("given", ["list", "array", "tensor", "names", "config", "json", "csv", "path"])
def test_labels_follow_the_thresholds_of_the_classes(kind, given, scores, tmp_path):
    order = [2, 0, 1]  # of the file, which has an additional class
    named = {NAMES[i]: THRESHOLDS[i] for i in order} | {"fox": 0.1}
    for ending in ("json", "csv"):
        write_named_values(tmp_path / f"t.{ending}", list(named), {"thresholds": list(named.values())})
    thr = {
        "list": THRESHOLDS,
        "array": np.array(THRESHOLDS),
        "tensor": torch.tensor(THRESHOLDS, dtype=torch.float64),
        "names": named,
        "config": ConfigDict(named),
        "json": str(tmp_path / "t.json"),
        "csv": str(tmp_path / "t.csv"),
        "path": tmp_path / "t.json",
    }[given]
    head = build(kind, thr=thr, classes=NAMES)
    expected = np.array([[s >= t for s, t in zip(row, np.float32(THRESHOLDS))] for row in scores])
    np.testing.assert_array_equal(predicted(head, scores), expected)
    assert head.class_thresholds.tolist() == THRESHOLDS


@pytest.mark.parametrize("kind", KINDS)
def test_one_number_and_topk_work_as_in_mmpretrain(kind, scores):
    np.testing.assert_array_equal(predicted(build(kind), scores), scores >= 0.5)
    np.testing.assert_array_equal(predicted(build(kind, thr=0.8), scores), scores >= np.float32(0.8))
    assert (predicted(build(kind, topk=2), scores).sum(axis=1) == 2).all()
    assert build(kind, thr=0.8).class_thresholds is None


def test_thresholds_take_precedence_over_topk_as_in_mmpretrain(scores):
    head = build(thr=THRESHOLDS, topk=1)
    np.testing.assert_array_equal(predicted(head, scores), labels_above(scores, THRESHOLDS))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_a_score_equal_to_its_rounded_threshold_reaches_it(dtype):
    logits = torch.tensor([[-1.0, 0.0, 2.0]], dtype=dtype)
    just_above = torch.sigmoid(logits)[0].double() + 1e-12
    assert build(thr=just_above)._get_predictions(logits, None)[0].pred_label.tolist() == [0, 1, 2]


def test_predict_uses_the_thresholds():
    head = build(thr=[1.0, 0.0, 0.5])
    for weight in head.parameters():
        torch.nn.init.zeros_(weight)
    (sample,) = head.predict((torch.ones(1, 4),))
    assert sample.pred_label.tolist() == [1, 2]


@pytest.mark.parametrize("kind", KINDS)
def test_no_checkpoint_contains_the_thresholds(kind):
    plain, ours = build(kind), build(kind, thr=THRESHOLDS, classes=NAMES)
    assert ours.state_dict().keys() == plain.state_dict().keys()
    ours.load_state_dict(plain.state_dict())
    assert ours.class_thresholds.tolist() == THRESHOLDS
    plain.load_state_dict(build(kind, thr=[0.1] * 3).state_dict())
    assert plain.class_thresholds is None


def test_copies_and_half_precision_keep_the_thresholds(scores):
    head = copy.deepcopy(build(thr=THRESHOLDS)).half().float()
    np.testing.assert_array_equal(predicted(head, scores), labels_above(scores, THRESHOLDS))
    file = io.BytesIO()
    torch.save(head, file)
    loaded = torch.load(io.BytesIO(file.getvalue()), weights_only=False)
    assert loaded.class_thresholds.tolist() == THRESHOLDS


def test_names_may_come_later(scores):
    by_name = dict(zip(NAMES, THRESHOLDS))
    later = build(thr=by_name)
    with pytest.raises(
        ValueError, match=r"'thr' argument of Partial\w+ gives thresholds by class name.* Got None"
    ):
        predicted(later, scores)
    later.set_class_names(["eel", "cat", "dog"])
    later.set_class_names(NAMES)  # without effect: the names are already set
    assert later.class_thresholds.tolist() == [0.7, 0.3, 0.9]

    named_by_loss = build(thr=by_name)
    named_by_loss.loss_module.set_label_counts(torch.ones(3), torch.ones(3), ("dog", "cat", "eel"))
    assert named_by_loss.class_thresholds.tolist() == [0.9, 0.3, 0.7]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (dict(thr=[0.1, 0.2]), ValueError, r"thresholds of Partial\w+ .* 3 classes. Got the shape \(2,\)"),
        (dict(thr=[0.1, 0.2, float("nan")]), ValueError, "must be numbers. Got NaN"),
        (dict(thr=float("nan")), ValueError, "'thr' argument of .* must be a number. Got NaN"),
        (dict(thr=True), TypeError, "'thr' argument of .* or a file of them. Got True"),
        (dict(thr=object), TypeError, "'thr' argument of"),
        (dict(thr="nowhere.json"), FileNotFoundError, "must exist. Got 'nowhere.json' instead"),
        (dict(thr=dict(cat=0.5, dog=0.5), classes=NAMES), ValueError, "without 'eel'"),
        (dict(classes=["cat"]), ValueError, r"'classes' argument of Partial\w+ .* 3 classes. Got 1"),
        (dict(classes="cat"), ValueError, r"'classes' argument of Partial\w+ .* Got cat"),
    ],
)
def test_wrong_arguments_raise(arguments, error, message):
    with pytest.raises(error, match=message):
        build(**arguments)


def test_a_file_without_a_class_raises_when_the_names_are_known(tmp_path):
    write_named_values(tmp_path / "t.json", ["cat", "dog"], {"thresholds": [0.5, 0.5]})
    with pytest.raises(ValueError, match=r"expected a thresholds value for each of the 3 classes.*'eel'"):
        build(thr=str(tmp_path / "t.json"), classes=NAMES)
    unnamed = build(thr=str(tmp_path / "t.json"))
    with pytest.raises(ValueError, match=r"found none for 'eel'"):
        unnamed.set_class_names(NAMES)
    (tmp_path / "other.json").write_text('{"classes": ["cat"], "class_prior": [0.1]}')
    with pytest.raises(ValueError, match="expected the lists 'classes' and 'thresholds'"):
        build(thr=str(tmp_path / "other.json"))
