"""Image names from strangers: no pipe, no device, no address, and no way out of the image folder."""

from __future__ import annotations

import json
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmpretrain.datasets import MultiLabelDataset

from mmpretrain_imbalance.apis.image_pipeline import file_fault
from mmpretrain_imbalance.datasets import (
    FeatureDataset,
    FeatureStoreWriter,
    MergedPartialLabels,
    PartialLabelDataset,
    SimulatePartialLabels,
    find_images,
    label_store_from_array,
)
from mmpretrain_imbalance.utils.local_files import leaves_folder
from mmpretrain_imbalance.visualization.labeled_picture import labeled_picture
from mmpretrain_imbalance.visualization.run_report.examples import embedded_image
from tests.tools.run_tool import TOOLS

PIPELINE = [dict(type="LoadImageFromFile"), dict(type="PackInputs")]


class Hangs(BaseException):
    """Raised by the timer; no handler of the code under test catches it."""


@pytest.fixture(autouse=True)
def timer():
    def stop(*_):
        raise Hangs

    handler = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 30, 0.5)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, handler)


@pytest.fixture
def folder(tmp_path):
    """An image folder with an image, a pipe and a link to a device, and an image outside of it."""
    (tmp_path / "images").mkdir()
    for shade, path in ((1, tmp_path / "images" / "a.png"), (9, tmp_path / "outside.png")):
        cv2.imwrite(str(path), np.full((8, 8, 3), shade, np.uint8))
    os.mkfifo(tmp_path / "images" / "pipe.png")
    (tmp_path / "images" / "device.png").symlink_to("/dev/null")
    return tmp_path


@pytest.fixture
def requests(folder, monkeypatch):
    """Paths that were fetched from a server of the image folder, and its address."""
    monkeypatch.setenv("no_proxy", "*")
    fetched = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            fetched.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write((folder / "images" / "a.png").read_bytes())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield fetched, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def build(folder, *names, prefix="images", pipeline=PIPELINE, **options):
    path = folder / "labels.json"
    samples = [dict(img_path=name, gt_label=[0], gt_label_neg=[1]) for name in names]
    path.write_text(json.dumps(dict(metainfo=dict(classes=["cat", "dog"]), data_list=samples)))
    prefix = prefix if "://" in str(prefix) else str(folder / prefix)
    return PartialLabelDataset(str(path), data_prefix=prefix, pipeline=pipeline, **options)


def mmpretrain_dataset(folder, name):
    (folder / "multi.json").write_text(
        json.dumps(dict(metainfo=dict(classes=["cat", "dog"]), data_list=[dict(img_path=name, gt_label=[0])]))
    )
    return MultiLabelDataset(
        str(folder / "multi.json"), data_prefix=str(folder / "images"), pipeline=PIPELINE
    )


def simulated(dataset):
    return SimulatePartialLabels(dataset, "rps", probability=0.0)


def shade(dataset):
    return dataset[0]["inputs"].unique().tolist()


@pytest.mark.parametrize("name", ["pipe.png", "device.png"])
def test_pipes_and_devices_are_not_opened(folder, name):
    dataset = build(folder, name)
    message = rf"image of sample 0 of .* must be readable. Got .*\(not a regular file\) at .*{name} instead"
    for wrapped in (
        dataset,
        simulated(dataset),
        MergedPartialLabels([dataset]),
        simulated(simulated(dataset)),
    ):
        with pytest.raises(ValueError, match=message):
            wrapped[0]
    with pytest.raises(ValueError, match=message):
        build(folder, name, check_images=True)
    with pytest.raises(ValueError, match=r"Got .*\(not a regular file\)"):
        simulated(mmpretrain_dataset(folder, name))[0]


@pytest.mark.parametrize("name", ["pipe.png", "device.png"])
def test_reports_and_predictions_do_not_open_pipes_and_devices(folder, name, monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    from _lib.sample_image import read_image

    path = str(folder / "images" / name)
    for read in (lambda path: labeled_picture(path, []), embedded_image):
        with pytest.raises(OSError, match=r"not a regular file"):
            read(path)
    with pytest.raises(ValueError, match=r"must be a readable file. Got .*: not a regular file"):
        read_image(path)
    assert file_fault(path) == "a file that cannot be read (not a regular file)"
    assert [item.reason for item in find_images([name], folder / "images").unreadable] == [file_fault(path)]


OUTSIDE = ("../outside.png", "x/../../outside.png", "./../outside.png", "..\\outside.png", "/dev/null")


@pytest.mark.parametrize("name", [*OUTSIDE, "{folder}/outside.png", "{folder}/images/../outside.png"])
@pytest.mark.parametrize("prefix", ["images", "images/", "s3://bucket/images", "http://localhost:1/images"])
def test_names_that_leave_the_image_folder_are_refused(folder, name, prefix):
    name = name.format(folder=folder)
    dataset = build(folder, name, prefix=prefix)
    message = r"image name of sample 0 of .*labels.json must be a path below '.*images/?'. Got .* instead"
    for use in (dataset.__getitem__, dataset.get_data_info, dataset.image_path):
        with pytest.raises(ValueError, match=rf"{message}.* or outside_images=True if you trust the file"):
            use(0)
    with pytest.raises(ValueError, match=message):
        simulated(dataset)[0]


def test_names_outside_of_the_folder_are_allowed_by_an_option(folder, monkeypatch):
    for name in ("../outside.png", str(folder / "outside.png"), "../images/../outside.png"):
        dataset = build(folder, name, outside_images=True)
        assert shade(dataset) == shade(simulated(dataset)) == [9]
    monkeypatch.chdir(folder)
    for prefix, name in (("", "outside.png"), ("/", str(folder / "outside.png"))):
        assert shade(build(folder, name, prefix=prefix)) == [9]
    (folder / "images" / "linked").symlink_to(folder)  # whoever arranged the folder may put links into it
    assert shade(build(folder, "linked/outside.png")) == [9]


def test_names_below_the_folder_need_no_option(folder, monkeypatch):
    for name in ("a.png", "./a.png", str(folder / "images" / "a.png")):
        assert shade(build(folder, name)) == [1]
    monkeypatch.chdir(folder)
    table = Path("labels.csv")
    for name in ("images/a.png", str(folder / "images" / "a.png")):
        table.write_text(f"image,cat\n{name},1\nb.png,0\n")
        assert shade(PartialLabelDataset(str(table), pipeline=PIPELINE)) == [1]
    table.write_text("image,cat\n/dev/null,1\nb.png,0\n")
    with pytest.raises(ValueError, match=r"must be a path below the current folder. Got '/dev/null'"):
        PartialLabelDataset(str(table), pipeline=PIPELINE)[0]


def test_addresses_are_not_fetched(folder, requests):
    fetched, address = requests
    name = f"{address}/a.png"
    with pytest.raises(
        ValueError, match=r"must be a path below .* Got 'http://.* names a storage backend, such"
    ):
        build(folder, name)[0]
    message = r"\(an address, although the config names no storage backend\) at http://"
    with pytest.raises(ValueError, match=message):
        build(folder, name, outside_images=True)[0]
    with pytest.raises(ValueError, match=message):
        build(folder, name, outside_images=True, check_images=True)
    mmpretrain_dataset(folder, name)
    of_mmpretrain = MultiLabelDataset(str(folder / "multi.json"), pipeline=PIPELINE)
    with pytest.raises(ValueError, match=message):
        simulated(of_mmpretrain)[0]
    assert "an address" in file_fault(name)
    assert fetched == []


def test_addresses_are_fetched_by_a_backend_that_the_config_names(folder, requests):
    fetched, address = requests
    pipeline = [dict(type="LoadImageFromFile", backend_args=dict(backend="http")), dict(type="PackInputs")]
    dataset = build(folder, f"{address}/x.png", pipeline=pipeline, outside_images=True)
    assert shade(dataset) == shade(simulated(dataset)) == [1]
    assert shade(build(folder, "y.png", prefix=f"{address}/images", check_images=True)) == [1]
    assert fetched == ["/x.png", "/x.png", "/images/y.png", "/images/y.png"]


def test_features_have_names_and_no_images(folder):
    labels = label_store_from_array([[1, 0]], ["../outside.png"], ["cat", "dog"])
    writer = FeatureStoreWriter(folder / "store", labels, dict(dtype="float32", batch_size=1))
    writer.append(np.ones((1, 3)))
    writer.finish()
    dataset = FeatureDataset(str(folder / "store"))
    assert dataset[0]["inputs"].tolist() == [1, 1, 1]
    assert dataset.image_path(0) == "../outside.png"


@pytest.mark.parametrize(
    ("name", "folder", "leaves"),
    [
        ("a..b.jpg", "/data", False),
        ("..a/b..", "/data", False),
        ("a/..", "/data", True),
        ("..", "", True),
        ("/data/a.jpg", "/data/", False),
        ("/data/a.jpg", "/data/.", False),
        ("/data/a.jpg", "/", False),
        ("/data2/a.jpg", "/data", True),
        ("//data/./a.jpg", "/data", True),  # two slashes may mean another machine
        ("/data", "/data", True),
        ("s3://bucket/a.jpg", "s3://bucket", True),
        ("file:///data/a.jpg", "/data", True),
        ("c:a.jpg", "/data", False),
    ],
)
def test_which_names_leave_a_folder(name, folder, leaves):
    assert leaves_folder(name, folder) is leaves
