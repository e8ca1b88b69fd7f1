from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.dataset import RepeatDataset
from mmpretrain.datasets import KFoldDataset, MultiLabelDataset
from mmpretrain.registry import DATASETS
from torch.utils.data import ConcatDataset, Subset

from mmpretrain_imbalance.datasets import MergedPartialLabels, RepeatFactorSampler, label_counts
from tests.datasets.label_table import LabelTable, long_tailed_table

PETS = [[1, 0, -1], [0, -1, 1], [-1, 1, 0]]  # cat, dog, plant
STREETS = [[1, 0, 0], [0, 0, 1], [0, 0, 0], [-1, 0, -1]]  # car, bus, dog


def pets(**kwargs):
    return LabelTable(PETS, ("cat", "dog", "plant"), **kwargs)


def streets(**kwargs):
    return LabelTable(STREETS, ("car", "bus", "dog"), default_label=0, **kwargs)


def merged_by_loop(sources, classes):
    """Convert the labels of (labels, names, class_map, positives_only) to one class list in a plain loop."""
    rows = []
    for source_labels, names, class_map, positives_only in sources:
        for row in source_labels:
            merged = []
            for target in classes:
                parts = [index for index, name in enumerate(names) if class_map.get(name, name) == target]
                labels = [row[index] for index in parts]
                if 1 in labels:
                    merged.append(1)
                elif parts and set(labels) == {0} and not any(names[p] in positives_only for p in parts):
                    merged.append(0)
                else:
                    merged.append(-1)
            rows.append(merged)
    return rows


def test_mapped_dropped_and_positives_only_classes() -> None:
    sources = [
        dict(name="pets", dataset=pets(), class_map={"plant": None}),
        dict(
            name="streets",
            dataset=streets(),
            class_map={"car": "vehicle", "bus": "vehicle"},
            positives_only=["dog"],
        ),
    ]
    merged = MergedPartialLabels(sources, classes=["vehicle", "dog", "cat"])
    assert merged.metainfo["classes"] == ("vehicle", "dog", "cat")
    expected = [
        [-1, 0, 1],
        [-1, -1, 0],
        [-1, 1, -1],
        [1, -1, -1],
        [0, 1, -1],
        [0, -1, -1],
        [-1, -1, -1],
    ]
    assert merged.get_gt_labels().tolist() == expected
    by_loop = merged_by_loop(
        [
            (PETS, ("cat", "dog", "plant"), {"plant": None}, ()),
            (STREETS, ("car", "bus", "dog"), {"car": "vehicle", "bus": "vehicle"}, ("dog",)),
        ],
        ("vehicle", "dog", "cat"),
    )
    assert by_loop == expected
    merged.label_store.verify()


def test_class_list_follows_from_the_sources() -> None:
    merged = MergedPartialLabels([pets(), dict(dataset=streets(), class_map={"bus": "car"})])
    assert merged.metainfo["classes"] == ("cat", "dog", "plant", "car")
    assert merged.get_gt_labels()[3:].tolist() == [[-1, 0, -1, 1], [-1, 1, -1, 0], [-1, 0, -1, 0], [-1] * 4]


@st.composite
def label_sources(draw):
    sources = []
    for _ in range(draw(st.integers(1, 3))):
        names = draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True))
        rows = st.lists(st.sampled_from([1, 0, -1]), min_size=len(names), max_size=len(names))
        table = draw(st.lists(rows, min_size=1, max_size=4))
        class_map = draw(st.dictionaries(st.sampled_from(names), st.sampled_from([None, "a", "b", "z"])))
        positives_only = draw(st.lists(st.sampled_from(names), unique=True, max_size=1))
        sources.append((table, tuple(names), class_map, positives_only, draw(st.sampled_from([0, -1]))))
    return sources


@settings(deadline=None, max_examples=60)
@given(label_sources())
def test_any_sources_are_merged_as_a_loop_does(sources) -> None:
    kept = [class_map.get(name, name) for _, names, class_map, *_ in sources for name in names]
    classes = tuple(dict.fromkeys(name for name in kept if name is not None))
    if not classes:
        return
    merged = MergedPartialLabels(
        [
            dict(
                name=str(number),
                dataset=LabelTable(table, names, default_label),
                class_map=class_map,
                positives_only=positives_only,
            )
            for number, (table, names, class_map, positives_only, default_label) in enumerate(sources)
        ]
    )
    assert merged.metainfo["classes"] == classes
    assert merged.get_gt_labels().tolist() == merged_by_loop([source[:4] for source in sources], classes)
    merged.label_store.verify()


def test_rare_unknown_labels_are_listed_instead_of_negatives() -> None:
    """The default label of the store is the more frequent one, which does not change the labels."""
    few = MergedPartialLabels([LabelTable(np.zeros((9, 4)), default_label=0), LabelTable(-np.ones((1, 4)))])
    many = MergedPartialLabels([LabelTable(np.zeros((1, 4)), default_label=0), LabelTable(-np.ones((9, 4)))])
    assert (few.label_store.default_label, many.label_store.default_label) == (0, -1)
    assert few.label_store.num_listed == many.label_store.num_listed == 4
    assert (label_counts(few).unknown == 1).all()
    assert (label_counts(many).unknown == 9).all()


def test_small_parts_change_nothing(monkeypatch) -> None:
    sources = [LabelTable(long_tailed_table(50)), LabelTable(long_tailed_table(40, seed=1), default_label=0)]
    expected = MergedPartialLabels(sources).label_store
    monkeypatch.setattr("mmpretrain_imbalance.datasets.merge._CHUNK", 20)
    found = MergedPartialLabels(sources).label_store
    np.testing.assert_array_equal(found.dense(77), expected.dense(77))
    assert [found.image_name(n) for n in (0, 49, 50, 89)] == ["0.jpg", "49.jpg", "0.jpg", "39.jpg"]
    assert found.label_counts() == expected.label_counts()


def test_samples_run_through_the_pipeline_of_their_source() -> None:
    def source(name, value):
        return dict(
            name=name,
            dataset=LabelTable(
                PETS,
                pipeline=[
                    dict(type="Normalize", mean=[-value], std=[1.0], to_rgb=False),
                    dict(type="PackInputs"),
                ],
            ),
        )

    merged = MergedPartialLabels([source("one", 100.0), source("two", 200.0)])
    assert [merged.get_data_info(index)["source"] for index in (2, 3)] == ["one", "two"]
    assert [merged.get_data_info(index)["sample_idx"] for index in range(6)] == list(range(6))
    assert merged[2]["inputs"].unique().tolist() == [102]
    assert merged[4]["inputs"].unique().tolist() == [201]
    torch.testing.assert_close(merged[4]["data_samples"].gt_score, torch.tensor([0.0, -1, 1]))


@pytest.mark.parametrize("packing", ["PackInputs", "PackPartialInputs"])
def test_label_format_is_sparse_if_all_sources_are_sparse(packing) -> None:
    pipeline, dense = [dict(type="PackPartialInputs")], pets(pipeline=[dict(type=packing)])
    sparse = pets(label_format="sparse", pipeline=pipeline)
    both = MergedPartialLabels([sparse, pets(label_format="sparse", pipeline=pipeline)])
    info = both.get_data_info(3)
    assert (info["gt_label_indices"].tolist(), info["gt_label_values"].tolist()) == ([0, 1], [1, 0])
    assert both[0]["data_samples"].num_classes == 3
    info = MergedPartialLabels([sparse, dense]).get_data_info(0)
    assert "gt_score" in info
    assert not {"num_classes", "gt_label_indices", "default_label"} & set(info)  # keys of the source
    if packing == "PackInputs":
        with pytest.raises(ValueError, match="must end with PackPartialInputs"):
            MergedPartialLabels([sparse, dense], label_format="sparse")


def test_wrappers_inside_and_outside(tmp_path) -> None:
    wrapped = ConcatDataset([RepeatDataset(pets(), 2), pets()])
    merged = MergedPartialLabels([dict(dataset=wrapped), dict(dataset=Subset(streets(), [3, 1]))])
    assert len(merged) == 11
    assert len(merged.label_store) == 8  # a repeated sample has one row
    assert merged.get_data_info(1)["sample_idx"] == merged.get_data_info(4)["sample_idx"] == 1
    labels = merged.get_gt_labels()
    expected = merged_by_loop(
        [
            (PETS * 3, ("cat", "dog", "plant"), {}, ()),
            ([STREETS[3], STREETS[1]], ("car", "bus", "dog"), {}, ()),
        ],
        merged.metainfo["classes"],
    )
    assert labels.tolist() == expected
    counts = label_counts(Subset(merged, [0, 10, 10]))
    assert counts.positives.tolist() == (labels[[0, 10, 10]] == 1).sum(axis=0).tolist()
    sampler = RepeatFactorSampler(ConcatDataset([merged, merged]), 0.5, seed=0)
    assert set(sampler) == set(range(22))
    chosen = MergedPartialLabels([pets(), streets()], filter_cfg=dict(min_positives=1), indices=4)
    assert [chosen.get_data_info(index)["sample_idx"] for index in range(4)] == [0, 1, 2, 3]
    merged.save_annotations(tmp_path / "merged.json")
    assert len(json.loads((tmp_path / "merged.json").read_text())["data_list"]) == 8  # each sample once


@pytest.mark.parametrize(
    "wrap",
    [
        lambda lazy: lazy,
        lambda lazy: Subset(lazy, [2, 0]),
        lambda lazy: RepeatDataset(lazy, 2, lazy_init=True),
    ],
)
def test_sources_that_are_not_loaded_yet(wrap) -> None:
    merged = MergedPartialLabels([wrap(pets(lazy_init=True)), streets()])
    expected = MergedPartialLabels([wrap(pets()), streets()])
    assert merged.metainfo["classes"] == expected.metainfo["classes"]
    np.testing.assert_array_equal(merged.get_gt_labels(), expected.get_gt_labels())


@pytest.fixture
def multi_label_file(tmp_path):
    samples = [dict(img_path="a", gt_label=[0, 2]), dict(img_path="b", gt_label=[])]
    path = tmp_path / "multi_label.json"
    path.write_text(json.dumps(dict(metainfo=dict(classes=["cat", "dog", "elk"]), data_list=samples)))
    return path


def test_datasets_of_mmpretrain_and_configs(multi_label_file) -> None:
    metainfo = dict(classes=("cat", "dog", "elk"))
    multi_label = dict(type="MultiLabelDataset", ann_file=str(multi_label_file), metainfo=metainfo)
    digits = dict(dataset=dict(type="MultiDigits", num_images=3))
    config = dict(type="MergedPartialLabels", sources=[multi_label, digits])
    merged = DATASETS.build(config)
    assert merged.get_gt_labels()[:2].tolist() == [[1, 0, 1, *[-1] * 10], [0, 0, 0, *[-1] * 10]]
    assert (merged.get_gt_labels()[2:, :3] == -1).all()
    folds = KFoldDataset(config, num_splits=5, fold=0)
    assert len(folds) == 4
    assert folds.get_data_info(0)["sample_idx"] == 1
    assert isinstance(merged.sources[0]["dataset"], MultiLabelDataset)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(sources=[]), r"'sources' argument .* must have at least one dataset"),
        (
            dict(sources=[dict(data=pets())]),
            r"Each item of the 'sources' .* Got \['data', 'name'\] at source 0",
        ),
        (
            dict(sources=[dict(dataset=pets(), unmapped="ignore")]),
            r"'unmapped' of source '0' .* Got 'ignore'",
        ),
        (
            dict(sources=[dict(name="a", dataset=pets()), dict(name="a", dataset=pets())]),
            r"must have sources with different 'name'",
        ),
        (
            dict(sources=[dict(dataset=pets(), class_map={"catt": "feline"})]),
            r"'class_map' of source '0' must have keys that .* Got 'catt' instead. Did you mean 'cat'\?",
        ),
        (
            dict(sources=[dict(dataset=pets(), class_map={"cat": "felines"})], classes=["feline", "dog"]),
            r"must have values that .* 'classes'. Got 'felines' instead. Did you mean 'feline'\?",
        ),
        (
            dict(sources=[dict(name="pets", dataset=pets())], classes=["cat", "dog"]),
            r"classes of source 'pets' must be in 'classes' .* Got 'plant' instead. Set a new name for each",
        ),
        (
            dict(sources=[dict(dataset=pets(), unmapped="drop")], classes=["cat", "gnu"]),
            r"must be classes that a source annotates. Got 'gnu' instead, which no source annotates",
        ),
        (
            dict(sources=[dict(dataset=pets(), positives_only=["bus"])]),
            r"'positives_only' of source '0' must hold classes of the source. Got 'bus'",
        ),
        (
            dict(sources=[ConcatDataset([pets(), streets()])]),
            r"datasets of source '0' .* must have the same class list. .* Pass each dataset as a separate",
        ),
        (dict(sources=[Subset(pets(), [])]), r"'sources' argument .* must have samples"),
    ],
)
def test_wrong_arguments(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        MergedPartialLabels(**arguments)


def test_explicit_drop_of_all_unmapped_classes() -> None:
    merged = MergedPartialLabels([dict(dataset=pets(), unmapped="drop")], classes=["dog"])
    assert merged.get_gt_labels().tolist() == [[0], [-1], [1]]
    with pytest.raises(TypeError, match="must have 'classes'"):
        MergedPartialLabels([torch.utils.data.TensorDataset(torch.zeros(2))])
