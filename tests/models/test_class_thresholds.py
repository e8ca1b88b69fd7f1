"""A threshold for each class in the heads, however it is given."""

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
    """What the head predicts from logits, as a table."""
    logits = torch.logit(torch.as_tensor(scores))
    table = np.zeros(scores.shape, dtype=bool)
    for row, sample in enumerate(head._get_predictions(logits, None)):
        table[row, sample.pred_label.numpy()] = True
    return table


@pytest.fixture
def table() -> np.ndarray:
    return np.random.default_rng(0).uniform(0.01, 0.99, (50, 3)).astype(np.float32)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("given", ["list", "array", "tensor", "names", "config", "json", "csv", "path"])
def test_labels_are_those_of_the_thresholds_of_the_classes(kind, given, table, tmp_path):
    order = [2, 0, 1]  # of the file, which holds a class more
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
    expected = np.array([[s >= t for s, t in zip(row, np.float32(THRESHOLDS))] for row in table])
    np.testing.assert_array_equal(predicted(head, table), expected)
    assert head.class_thresholds.tolist() == THRESHOLDS


@pytest.mark.parametrize("kind", KINDS)
def test_one_number_and_topk_are_the_hosts(kind, table):
    np.testing.assert_array_equal(predicted(build(kind), table), table >= 0.5)
    np.testing.assert_array_equal(predicted(build(kind, thr=0.8), table), table >= np.float32(0.8))
    assert (predicted(build(kind, topk=2), table).sum(axis=1) == 2).all()
    assert build(kind, thr=0.8).class_thresholds is None


def test_thresholds_go_before_topk_as_in_the_host(table):
    head = build(thr=THRESHOLDS, topk=1)
    np.testing.assert_array_equal(predicted(head, table), labels_above(table, THRESHOLDS))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_a_score_equal_to_its_rounded_threshold_reaches_it(dtype):
    logits = torch.tensor([[-1.0, 0.0, 2.0]], dtype=dtype)
    just_above = torch.sigmoid(logits)[0].double() + 1e-12
    assert build(thr=just_above)._get_predictions(logits, None)[0].pred_label.tolist() == [0, 1, 2]


def test_predictions_of_a_pass_follow_them():
    head = build(thr=[1.0, 0.0, 0.5])
    for weight in head.parameters():
        torch.nn.init.zeros_(weight)
    (sample,) = head.predict((torch.ones(1, 4),))
    assert sample.pred_label.tolist() == [1, 2]


@pytest.mark.parametrize("kind", KINDS)
def test_no_checkpoint_holds_them(kind):
    plain, ours = build(kind), build(kind, thr=THRESHOLDS, classes=NAMES)
    assert ours.state_dict().keys() == plain.state_dict().keys()
    ours.load_state_dict(plain.state_dict())
    assert ours.class_thresholds.tolist() == THRESHOLDS
    plain.load_state_dict(build(kind, thr=[0.1] * 3).state_dict())
    assert plain.class_thresholds is None


def test_copies_and_half_precision_keep_them(table):
    head = copy.deepcopy(build(thr=THRESHOLDS)).half().float()
    np.testing.assert_array_equal(predicted(head, table), labels_above(table, THRESHOLDS))
    file = io.BytesIO()
    torch.save(head, file)
    again = torch.load(io.BytesIO(file.getvalue()), weights_only=False)
    assert again.class_thresholds.tolist() == THRESHOLDS


def test_names_may_come_later(table):
    by_name = dict(zip(NAMES, THRESHOLDS))
    later = build(thr=by_name)
    with pytest.raises(ValueError, match=r"'thr' argument of Partial\w+ is matched by class name.* Got none"):
        predicted(later, table)
    later.set_class_names(["eel", "cat", "dog"])
    later.set_class_names(NAMES)  # too late: those of the config, and the first, stay
    assert later.class_thresholds.tolist() == [0.7, 0.3, 0.9]

    of_the_loss = build(thr=by_name)
    of_the_loss.loss_module.set_label_counts(torch.ones(3), torch.ones(3), ("dog", "cat", "eel"))
    assert of_the_loss.class_thresholds.tolist() == [0.9, 0.3, 0.7]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (dict(thr=[0.1, 0.2]), ValueError, r"thresholds of Partial\w+ .* 3 classes. Got the shape \(2,\)"),
        (dict(thr=[0.1, 0.2, float("nan")]), ValueError, "must be numbers. Got NaN"),
        (dict(thr=float("nan")), ValueError, "'thr' argument of .* must be a number. Got NaN"),
        (dict(thr=True), TypeError, "'thr' argument of .* or a file of them. Got True"),
        (dict(thr=object), TypeError, "'thr' argument of"),
        (dict(thr="nowhere.json"), FileNotFoundError, "'nowhere.json' does not exist"),
        (dict(thr=dict(cat=0.5, dog=0.5), classes=NAMES), ValueError, "without 'eel'"),
        (dict(classes=["cat"]), ValueError, r"'classes' argument of Partial\w+ .* 3 classes. Got 1"),
        (dict(classes="cat"), ValueError, r"'classes' argument of Partial\w+ .* Got cat"),
    ],
)
def test_refusals(arguments, error, message):
    with pytest.raises(error, match=message):
        build(**arguments)


def test_a_file_that_lacks_a_class_is_refused_as_soon_as_the_names_are_known(tmp_path):
    write_named_values(tmp_path / "t.json", ["cat", "dog"], {"thresholds": [0.5, 0.5]})
    with pytest.raises(ValueError, match=r"expected a thresholds value for each of the 3 classes.*'eel'"):
        build(thr=str(tmp_path / "t.json"), classes=NAMES)
    waiting = build(thr=str(tmp_path / "t.json"))
    with pytest.raises(ValueError, match=r"found none for 'eel'"):
        waiting.set_class_names(NAMES)
    (tmp_path / "other.json").write_text('{"classes": ["cat"], "class_prior": [0.1]}')
    with pytest.raises(ValueError, match="expected the lists 'classes' and 'thresholds'"):
        build(thr=str(tmp_path / "other.json"))
