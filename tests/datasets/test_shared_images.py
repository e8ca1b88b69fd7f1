"""Images that several sources of MergedPartialLabels have become one sample with all of their labels."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmengine.dataset import RepeatDataset
from mmpretrain.datasets import MultiLabelDataset
from torch.utils.data import ConcatDataset

from mmpretrain_imbalance.datasets import (
    MergedPartialLabels,
    PartialLabelDataset,
    SimulatePartialLabels,
    label_counts,
)
from tests.datasets.label_table import LabelTable
from tests.datasets.published_files import write_json, write_lines


def table(folder, name, *lines, **kwargs):
    return PartialLabelDataset(str(write_lines(folder / name, *lines)), **kwargs)


@pytest.fixture
def sources(tmp_path):
    """Pets annotates cats and dogs, streets dogs and cars; b.jpg is in both sources, under two paths."""
    (tmp_path / "images").mkdir()
    os.symlink(tmp_path / "images", tmp_path / "link")
    pets = table(
        tmp_path, "pets.csv", "image,cat,dog", "a.jpg,1,0", "b.jpg,0,", data_prefix=f"{tmp_path}/images"
    )
    streets = table(
        tmp_path,
        "streets.csv",
        "image,dog,car",
        "c.jpg,,1",
        "b.jpg,1,0",
        data_prefix=f"{tmp_path}/images/../link/",
    )
    return [dict(name="pets", dataset=pets), dict(name="streets", dataset=streets)]


def test_a_shared_image_has_the_labels_of_both_sources(sources, tmp_path, monkeypatch) -> None:
    logged = []
    monkeypatch.setattr(
        "mmpretrain_imbalance.datasets.merged_partial_labels.print_log",
        lambda text, **kwargs: logged.append(text),
    )
    merged = MergedPartialLabels(sources)
    assert len(logged) == 1
    assert "1 samples show images of an earlier source" in logged[0]
    assert merged.metainfo["classes"] == ("cat", "dog", "car")
    assert merged.get_gt_labels().tolist() == [[1, 0, -1], [0, 1, 0], [-1, -1, 1]]
    infos = [merged.get_data_info(index) for index in range(len(merged))]
    assert [os.path.basename(info["img_path"]) for info in infos] == ["a.jpg", "b.jpg", "c.jpg"]
    assert [info["source"] for info in infos] == ["pets", "pets", "streets"]
    assert [info["sample_idx"] for info in infos] == [0, 1, 2]
    assert infos[1]["img_path"].startswith(f"{tmp_path}/images")
    merged.label_store.verify()


def test_shared_images_can_stay_apart(sources) -> None:
    merged = MergedPartialLabels(sources, shared_images="separate")
    assert merged.get_gt_labels().tolist() == [[1, 0, -1], [0, -1, -1], [-1, -1, 1], [-1, 1, 0]]
    assert [merged.get_data_info(index)["source"] for index in (1, 3)] == ["pets", "streets"]


@pytest.mark.parametrize(("conflicts", "label"), [("positive", 1), ("negative", 0), ("unknown", -1)])
def test_sources_that_contradict_each_other(sources, tmp_path, conflicts, label) -> None:
    third = table(
        tmp_path, "third.csv", "image,dog,cat", "b.jpg,0,", "a.jpg,1,1", data_prefix=f"{tmp_path}/link"
    )
    sources.append(dict(name="third", dataset=third))
    message = (
        r"must not contradict each other about a shared image. Got 'dog' at a.jpg, positive in source "
        r"'third' and negative in source 'pets', and 1 more such labels, instead. Set 'conflicts'"
    )
    with pytest.raises(ValueError, match=message):
        MergedPartialLabels(sources)
    merged = MergedPartialLabels(sources, conflicts=conflicts)
    assert merged.get_gt_labels().tolist() == [[1, label, -1], [0, label, 0], [-1, -1, 1]]


def test_images_repeated_within_one_source_stay_repeated(sources, tmp_path) -> None:
    """Samples of shared images come from the first source; later sources add labels but no samples."""
    pets, streets = (source["dataset"] for source in sources)
    twice = ConcatDataset([RepeatDataset(pets, 2), pets])
    merged = MergedPartialLabels([dict(dataset=twice), dict(dataset=RepeatDataset(streets, 3))])
    names = [os.path.basename(merged.get_data_info(index)["img_path"])[0] for index in range(len(merged))]
    assert "".join(names) == "abababccc"
    assert merged.get_gt_labels()[1::2][:3].tolist() == [[0, 1, 0]] * 3
    assert label_counts(merged).positives.tolist() == [3, 3, 3]
    alone = table(tmp_path, "twice.csv", "image,cat", "a.jpg,1", "a.jpg,0", repeated_images="keep")
    other = LabelTable([[1]], ("cat",))
    assert MergedPartialLabels([alone, other]).get_gt_labels().tolist() == [[1], [0], [1]]


def test_images_in_memory_are_never_shared() -> None:
    merged = MergedPartialLabels([LabelTable([[1, 0]]), LabelTable([[0, 1]])])
    assert merged.get_gt_labels().tolist() == [[1, 0], [0, 1]]


def test_wrapped_and_mmpretrain_datasets_can_share_images(sources, tmp_path) -> None:
    samples = [dict(img_path="b.jpg", gt_label=[1]), dict(img_path="d.jpg", gt_label=[])]
    multi_label = MultiLabelDataset(
        ann_file=str(write_json(tmp_path / "multi_label.json", dict(metainfo={}, data_list=samples))),
        metainfo=dict(classes=("bus", "elk")),
        data_prefix=f"{tmp_path}/images",
    )
    hidden = SimulatePartialLabels(sources[0]["dataset"], "rps", probability=0.0)
    inner = MergedPartialLabels([dict(name="hidden", dataset=hidden), sources[1]])
    merged = MergedPartialLabels(
        [dict(name="inner", dataset=inner), dict(name="multi_label", dataset=multi_label)]
    )
    assert merged.metainfo["classes"] == ("cat", "dog", "car", "bus", "elk")
    expected = [[1, 0, -1, -1, -1], [0, 1, 0, 0, 1], [-1, -1, 1, -1, -1], [-1, -1, -1, 0, 0]]
    assert merged.get_gt_labels().tolist() == expected


@st.composite
def annotated_sources(draw):
    """Two or three sources with labels of some of six images, without contradictions."""
    truth = np.array(
        draw(st.lists(st.lists(st.sampled_from([0, 1]), min_size=4, max_size=4), min_size=6, max_size=6))
    )
    sources = []
    for _ in range(draw(st.integers(2, 3))):
        images = draw(st.lists(st.integers(0, 5), min_size=1, max_size=6, unique=True))
        classes = draw(st.lists(st.integers(0, 3), min_size=1, max_size=4, unique=True))
        known = np.array(
            draw(
                st.lists(
                    st.lists(st.booleans(), min_size=len(classes), max_size=len(classes)),
                    min_size=len(images),
                    max_size=len(images),
                )
            )
        )
        default_label = draw(st.sampled_from([0, -1]))
        sources.append((images, classes, np.where(known, truth[np.ix_(images, classes)], -1), default_label))
    return sources


class NamedImages(LabelTable):
    """Dataset whose image paths are given by the names in a list."""

    def __init__(self, images, *args, **kwargs) -> None:
        self.images = images
        super().__init__(*args, **kwargs)

    def image_info(self, row: int) -> dict:
        return {"img_path": f"/data/{self.images[row]}.jpg"}


@given(annotated_sources())
def test_any_sources_are_joined_as_a_loop_does(sources) -> None:
    classes = list(dict.fromkeys(c for _, source_classes, *_ in sources for c in source_classes))
    expected: dict[int, list[int]] = {}
    for images, source_classes, labels, _ in sources:
        for image, row in zip(images, labels.tolist()):
            joined = expected.setdefault(image, [-1] * len(classes))
            for c, label in zip(source_classes, row):
                if label != -1:
                    joined[classes.index(c)] = label
    merged = MergedPartialLabels(
        [
            NamedImages(images, labels, tuple(map(str, source_classes)), default_label)
            for images, source_classes, labels, default_label in sources
        ]
    )
    assert merged.metainfo["classes"] == tuple(map(str, classes))
    assert merged.get_gt_labels().tolist() == list(expected.values())
    merged.label_store.verify()


@pytest.mark.parametrize("default_label", [0, -1])
def test_small_parts_change_nothing(monkeypatch, default_label) -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, (60, 5))
    sources = []
    for _ in range(3):
        images = rng.permutation(60)[:40].tolist()
        # Few unknown labels for the default label 0 of the merged store, many for -1.
        known = rng.random((40, 5)) < (0.9 if default_label == 0 else 0.2)
        sources.append(NamedImages(images, np.where(known, truth[images], -1), None, default_label))
    expected = MergedPartialLabels(sources)
    assert expected.label_store.default_label == default_label
    monkeypatch.setattr("mmpretrain_imbalance.datasets.merge._CHUNK", 7)
    found = MergedPartialLabels(sources)
    np.testing.assert_array_equal(found.get_gt_labels(), expected.get_gt_labels())
    found.label_store.verify()
