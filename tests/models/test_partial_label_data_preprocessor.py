"""Labels of all kinds become one tensor; images are processed as in MMPretrain."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mmengine.dataset import default_collate, pseudo_collate
from mmpretrain.models.utils import ClsDataPreprocessor
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample, MultiTaskDataSample

from mmpretrain_imbalance.models import PartialLabelDataPreprocessor
from mmpretrain_imbalance.models.batch_labels import has_unknown_labels

IMAGE = torch.zeros(3, 8, 8)


def sparse(labels: dict[int, int], **metainfo) -> DataSample:
    """Return a sample with a list of labels."""
    sample = DataSample(metainfo=metainfo)
    sample.gt_label_indices = torch.tensor(list(labels), dtype=torch.int64)
    sample.gt_label_values = torch.tensor(list(labels.values()), dtype=torch.int8)
    return sample


def dense(labels: list, dtype: torch.dtype = torch.float32) -> DataSample:
    return DataSample().set_gt_score(torch.tensor(labels, dtype=dtype))


def preprocessed_labels(*samples: DataSample, training: bool = True, **kwargs) -> list:
    """Return the labels of a batch after the preprocessor, which does not look for the losses of a model."""
    data = dict(inputs=[IMAGE] * len(samples), data_samples=list(samples))
    preprocessor = PartialLabelDataPreprocessor(**{"unknown_labels": "allow", **kwargs})
    batch = preprocessor(data, training=training)
    return [sample.gt_score.tolist() for sample in batch["data_samples"]]


@st.composite
def samples_of_any_kind(draw):
    """Sample with 4 classes, and its labels."""
    labels = draw(st.lists(st.sampled_from([1, 0, -1]), min_size=4, max_size=4))
    kind = draw(st.sampled_from(["unknown", "negative", "gt_score", "gt_label"]))
    if kind == "gt_score":
        return dense(labels, draw(st.sampled_from([torch.int8, torch.float32, torch.float64]))), labels
    if kind == "gt_label":
        positives = [c for c in range(4) if labels[c] == 1]
        return DataSample().set_gt_label(positives * 2), [int(label == 1) for label in labels]
    default_label = -1 if kind == "unknown" else 0
    listed = {c: label for c, label in enumerate(labels) if label != default_label}
    return sparse(listed, default_label=default_label, num_classes=4), labels


@given(st.lists(samples_of_any_kind(), min_size=1, max_size=5), st.booleans())
def test_all_kinds_of_labels_in_any_order(batch, training):
    samples, expected = zip(*batch)
    assert preprocessed_labels(*samples, num_classes=4, training=training) == [
        list(labels) for labels in expected
    ]


def test_labels_are_rows_of_one_float_tensor():
    samples = [sparse({0: 1}), sparse({1: 0})]
    PartialLabelDataPreprocessor(num_classes=3)(dict(inputs=[IMAGE] * 2, data_samples=samples), training=True)
    first, second = (sample.gt_score for sample in samples)
    assert first.dtype == torch.float32
    assert first.untyped_storage().data_ptr() == second.untyped_storage().data_ptr()
    assert samples[0].num_classes == 3


@given(st.lists(samples_of_any_kind(), min_size=1, max_size=5))
def test_gt_label_lists_the_known_positives(batch):
    """MMPretrain's visualizer and analysis tools read it; one batch may be evaluated twice."""
    samples, labels = zip(*batch)
    data = dict(inputs=[IMAGE] * len(samples), data_samples=list(samples))
    for _ in range(2):
        PartialLabelDataPreprocessor(num_classes=4)(data, training=False)
        for sample, row in zip(samples, labels):
            assert sample.gt_label.tolist() == [c for c in range(4) if row[c] == 1]
            assert sample.gt_label.dtype == torch.int64


def test_training_does_not_look_for_positives():
    """On a GPU this would wait for the device."""
    sample = dense([1, -1, 0])
    PartialLabelDataPreprocessor()(dict(inputs=[IMAGE], data_samples=[sample]), training=True)
    assert "gt_label" not in sample


@pytest.mark.parametrize("collate", [pseudo_collate, default_collate])
@pytest.mark.parametrize("training", [True, False])
def test_images_are_those_of_mmpretrain(collate, training):
    generator = torch.Generator().manual_seed(0)
    images = [torch.randint(0, 256, (3, 7, 9), dtype=torch.uint8, generator=generator) for _ in range(3)]
    settings = dict(mean=[1.0, 2, 3], std=[4.0, 5, 6], to_rgb=True, pad_size_divisor=4, num_classes=2)
    batches = []
    for preprocessor in ("ClsDataPreprocessor", "PartialLabelDataPreprocessor"):
        data = collate([dict(inputs=image, data_samples=dense([1, 0])) for image in images])
        batches.append(MODELS.build(dict(type=preprocessor, **settings))(data, training=training))
    mmpretrain, ours = batches
    torch.testing.assert_close(ours["inputs"], mmpretrain["inputs"], rtol=0, atol=0)
    assert [sample.gt_score.tolist() for sample in ours["data_samples"]] == [[1, 0]] * 3


def test_inference_needs_no_labels_and_no_samples():
    preprocessor = PartialLabelDataPreprocessor()
    assert preprocessor(dict(inputs=[IMAGE]))["data_samples"] is None
    batch = preprocessor(dict(inputs=[IMAGE] * 2, data_samples=[DataSample(), dense([1, -1])]))
    assert "gt_score" not in batch["data_samples"][0]
    assert batch["data_samples"][1].gt_score.tolist() == [1, -1]


def test_numpy_fields_are_read():
    sample = sparse({})
    sample.gt_label_indices, sample.gt_label_values = np.array([1]), np.array([0], dtype=np.int8)
    assert preprocessed_labels(sample, num_classes=2) == [[-1, 0]]


def test_multi_task_samples_are_processed_by_mmpretrain():
    sample = MultiTaskDataSample()
    sample.set_field(dense([1]), "task")
    batch = PartialLabelDataPreprocessor()(dict(inputs=[IMAGE], data_samples=[sample]), training=True)
    assert batch["data_samples"][0].task.gt_score.tolist() == [1]


class TestDifferencesToMMPretrain:
    """Labels that MMPretrain's preprocessor changes without an error."""

    @staticmethod
    def mmpretrain_labels(*samples: DataSample) -> list:
        data = dict(inputs=[IMAGE] * len(samples), data_samples=list(samples))
        batch = ClsDataPreprocessor(num_classes=3, to_onehot=True)(data, training=True)
        return [sample.gt_score.tolist() for sample in batch["data_samples"]]

    def test_a_duplicate_label_does_not_become_2(self):
        assert self.mmpretrain_labels(DataSample().set_gt_label([0, 0, 2])) == [[2, 0, 1]]
        assert preprocessed_labels(DataSample().set_gt_label([0, 0, 2]), num_classes=3) == [[1, 0, 1]]

    def test_samples_may_differ_in_the_kind_of_labels(self):
        def samples():
            return DataSample().set_gt_label([0]), dense([0, 1, -1]).set_gt_label([0])

        assert self.mmpretrain_labels(*samples()) == [[1, 0, 0], [1, 0, 0]]
        assert preprocessed_labels(*samples(), num_classes=3) == [[1, 0, 0], [0, 1, -1]]

    def test_a_wrapped_minus_one_raises(self):
        labels = np.array([1, 0, -1]).astype(np.uint8)
        assert self.mmpretrain_labels(DataSample().set_gt_score(labels)) == [[1, 0, 255]]
        wrapped = DataSample(gt_score=torch.from_numpy(labels), metainfo=dict(img_path="a.jpg", sample_idx=7))
        message = (
            r"sample 1 \(sample_idx 7, img_path 'a.jpg'\) must be .* Got 255 at class 2 instead. .*use int8"
        )
        with pytest.raises(ValueError, match=message):
            preprocessed_labels(dense([1, 0, 1], torch.uint8), wrapped)


@pytest.mark.parametrize("kind", ["Mixup", "CutMix", "ResizeMix"])
def test_augmentations_that_mix_unknown_labels_raise(kind):
    augments = dict(augments=dict(type=kind, alpha=1.0), probs=0.0)
    with pytest.raises(ValueError, match=f"PartialLabelMixup, PartialLabelCutMix or .* Got {kind} instead"):
        preprocessed_labels(sparse({0: 1}), sparse({0: 0}), num_classes=2, batch_augments=augments)


def test_augmentations_of_mmpretrain_may_mix_known_labels():
    augments = dict(augments=dict(type="Mixup", alpha=1.0), probs=1.0)
    assert preprocessed_labels(dense([1, 0]), dense([1, 0]), batch_augments=augments) == [[1, 0], [1, 0]]


@given(st.lists(samples_of_any_kind(), min_size=1, max_size=5))
def test_unknown_labels_are_found(batch):
    samples, labels = zip(*batch)
    unknown = any(label == -1 for sample_labels in labels for label in sample_labels)
    assert has_unknown_labels(samples, 4) == unknown


@pytest.mark.parametrize(
    ("sample", "unknown"),
    [
        (sparse({0: 1, 1: 0}), False),
        (sparse({0: 1, 1: -1}), True),
        (sparse({0: 1, 1: -1}, default_label=0), True),
        (sparse({0: 1}, default_label=0), False),
        (DataSample(gt_label_indices=torch.tensor([0, 0]), gt_label_values=torch.tensor([1, 1])), True),
    ],
)
def test_unknown_labels_in_lists(sample, unknown):
    assert has_unknown_labels([dense([1, 0]), sample], 2) == unknown


@pytest.mark.parametrize("kind", ["PartialLabelMixup", "PartialLabelCutMix"])
def test_mixes_in_training_only(kind):
    augments = dict(augments=[dict(type=kind, alpha=1.0)], probs=1.0)
    samples = [sparse({0: 1}), sparse({0: 0, 1: 1})]
    np.random.seed(0)  # noqa: NPY002, TID251 - MMPretrain uses the global generator
    torch.manual_seed(4)
    for _ in range(20):
        tested = preprocessed_labels(*samples, num_classes=2, batch_augments=augments, training=False)
        assert tested == [[1, -1], [0, 1]]
    trained = [
        label
        for _ in range(20)
        for row in preprocessed_labels(*samples, num_classes=2, batch_augments=augments)
        for label in row
    ]
    assert any(0 < label < 1 for label in trained)
    assert all(label == -1 or 0 <= label <= 1 for label in trained)


@pytest.mark.parametrize(
    ("samples", "num_classes", "message"),
    [
        ([sparse({0: 1})], None, "'num_classes' argument of PartialLabelDataPreprocessor must be given"),
        (
            [sparse({0: 1}, num_classes=4)],
            3,
            "'num_classes' of sample 0 must be 3, as the 'num_classes' of the data",
        ),
        (
            [dense([1, 0]), dense([1])],
            None,
            "'num_classes' of sample 1 must be 2, as the 'num_classes' of sample 0",
        ),
        ([sparse({0: 1}), sparse({5: 1})], 3, "class indices from 0 to 2. Got 5 at sample 1 instead"),
        ([DataSample().set_gt_label([3])], 3, "class indices from 0 to 2. Got 3 at sample 0 instead"),
        (
            [sparse({0: 1}, img_path="a.jpg"), sparse({2: 3}, img_path="b.jpg")],
            3,
            r"Got 3 at sample 1 \(.*b.jpg'\), class 2",
        ),
        (
            [sparse({0: 1}), dense([1, 0.5, 7])],
            3,
            "'gt_score' of sample 1 must be .* Got 7 at class 2 instead",
        ),
        ([dense([1, float("nan")])], 2, "Got nan at class 1"),
        ([sparse({0: 1}, default_label=2)], 2, "'default_label' of sample 0 must be 0 .* Got 2"),
        (
            [DataSample(gt_label_indices=torch.tensor([1]))],
            2,
            r"'gt_label_values' of sample 0 .* shape \(0,\)",
        ),
        (
            [dense([1, 0]), DataSample()],
            2,
            "labeled samples in training.* Got no labels in sample 1 and in 0 more instead",
        ),
    ],
)
def test_errors_name_the_sample(samples, num_classes, message):
    with pytest.raises(ValueError, match=message):
        preprocessed_labels(*samples, num_classes=num_classes)


def test_training_without_samples_raises():
    with pytest.raises(ValueError, match="Got no samples instead"):
        PartialLabelDataPreprocessor()(dict(inputs=[IMAGE]), training=True)


@pytest.mark.parametrize("num_classes", [0, -3, "9"])
def test_invalid_num_classes_raise(num_classes):
    with pytest.raises(
        ValueError, match="'num_classes' argument of PartialLabelDataPreprocessor must be a positive"
    ):
        PartialLabelDataPreprocessor(num_classes=num_classes)


def test_to_onehot_must_be_true():
    with pytest.raises(ValueError, match="'to_onehot' argument of PartialLabelDataPreprocessor must be True"):
        PartialLabelDataPreprocessor(to_onehot=False)


def test_channels_last_changes_the_memory_format_only():
    images = [torch.rand(3, 8, 6, generator=torch.Generator().manual_seed(seed)) for seed in range(2)]
    plain = PartialLabelDataPreprocessor(mean=[0.5] * 3, std=[0.2] * 3)(dict(inputs=images))["inputs"]
    found = PartialLabelDataPreprocessor(mean=[0.5] * 3, std=[0.2] * 3, channels_last=True)(
        dict(inputs=images)
    )["inputs"]
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(found, plain)


def test_channels_last_leaves_features_as_they_are():
    features = torch.rand(2, 5)
    found = PartialLabelDataPreprocessor(channels_last=True)(dict(inputs=features))["inputs"]
    assert torch.equal(found, features)


@pytest.mark.gpu
@pytest.mark.parametrize(
    "sample", [sparse({0: 1}), dense([1, -1], torch.int8), DataSample().set_gt_label([0])]
)
def test_labels_are_on_the_gpu(sample):
    preprocessor = PartialLabelDataPreprocessor(num_classes=2).cuda()
    batch = preprocessor(dict(inputs=[IMAGE], data_samples=[sample]), training=True)
    assert batch["data_samples"][0].gt_score.is_cuda
