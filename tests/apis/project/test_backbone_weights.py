"""Weights of a backbone: files of several origins, wrong files, and a network that cannot be reached."""

from __future__ import annotations

import socket
import zipfile
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from urllib.error import URLError

import pytest
import timm
import torch
from huggingface_hub import constants
from mmengine.runner import CheckpointLoader
from safetensors.torch import save_file

from mmpretrain_imbalance.apis.project.backbone_choice import BackboneChoice, build_backbone, choose_backbone
from mmpretrain_imbalance.apis.project.backbone_weights import fetch_weights, read_weights


@cache
def small() -> BackboneChoice:
    return choose_backbone("shufflenet-v2-1x", image_size=32)


@cache
def small_of_timm() -> BackboneChoice:
    return choose_backbone("timm/test_efficientnet", image_size=32)


def write(path: Path, tensors: dict, prefix: str, key: str | None) -> Path:
    named = {prefix + name: value for name, value in tensors.items()}
    named["head.fc.weight"] = torch.zeros(3, 3)
    torch.save(named if key is None else {key: named, "epoch": 3}, path)
    return path


@pytest.mark.parametrize(
    ("prefix", "key"), [("", None), ("backbone.", "state_dict"), ("module.backbone.", "model")]
)
def test_every_weight_is_found(prefix: str, key: str | None, tmp_path: Path) -> None:
    expected = build_backbone(small()).state_dict()
    found = read_weights(write(tmp_path / "weights.pth", expected, prefix, key), small())
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)


@pytest.mark.parametrize("ending", [".pth", ".safetensors"])
def test_files_of_timm_fit_without_their_classifier(ending: str, tmp_path: Path) -> None:
    network = timm.create_model("test_efficientnet", num_classes=5)
    path = tmp_path / f"timm{ending}"
    (save_file if ending == ".safetensors" else torch.save)(network.state_dict(), path)
    found = read_weights(path, small_of_timm())
    assert found.keys() == build_backbone(small_of_timm()).state_dict().keys()
    torch.testing.assert_close(found["timm_model.conv_stem.weight"], network.conv_stem.weight)


def test_other_names_in_the_same_order_fit(tmp_path: Path) -> None:
    network = timm.create_model("test_efficientnet", num_classes=5).state_dict()
    renamed = {f"layer_{number}": value for number, value in enumerate(network.values())}
    path = tmp_path / "renamed.pth"
    torch.save(renamed, path)
    with pytest.raises(ValueError, match="every weight"):  # counters are recognized by their names
        read_weights(path, small_of_timm())
    counters = {name for name in network if name.endswith("num_batches_tracked")}
    renamed = {
        f"layer_{number}" + ("_num_batches_tracked" if name in counters else ""): value
        for number, (name, value) in enumerate(network.items())
    }
    torch.save(renamed, path)
    found = read_weights(path, small_of_timm())
    for name, value in found.items():
        torch.testing.assert_close(value, network[name.removeprefix("timm_model.")])
    assert len(found) == len(build_backbone(small_of_timm()).state_dict()) - len(counters)
    torch.save(dict(reversed(list(renamed.items()))), path)
    with pytest.raises(ValueError, match="every weight"):
        read_weights(path, small_of_timm())


def test_wrong_files_raise(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="must be an existing file, or 'none'"):
        read_weights(tmp_path / "missing.pth", small())
    other = write(tmp_path / "other.pth", timm.create_model("test_resnet").state_dict(), "", None)
    with pytest.raises(ValueError, match=r"every weight of shufflenet.*which has 0 of \d+.*another network"):
        read_weights(other, small())
    (tmp_path / "text.pth").write_text("no checkpoint")
    with pytest.raises(ValueError, match="must be a checkpoint"):
        read_weights(tmp_path / "text.pth", small())


@pytest.mark.parametrize("ending", [".pth", ".safetensors", ".whl"])
def test_cut_files_raise_one_sentence(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"weights{ending}"
    tensors = {f"weight_{number}": torch.zeros(9) for number in range(5)}
    (save_file if ending == ".safetensors" else torch.save)(tensors, path)
    if ending == ".whl":
        with zipfile.ZipFile(tmp_path / "packed", "w") as archive:
            archive.write(path, "weights.pth")
        path = (tmp_path / "packed").rename(path)
    content = path.read_bytes()
    cases = [content[:length] for length in range(0, len(content), 37)]
    cases += [content[:place] + b"\xff\n\x1b" + content[place:] for place in range(0, len(content), 37)]
    messages = []
    for case in cases:
        path.write_bytes(case)
        with pytest.raises(ValueError, match=r"^The 'weights' argument of new_project must") as error:
            read_weights(path, small())
        messages.append(str(error.value))
    assert [text for text in messages if str(path) not in text or not text.isprintable()] == []
    assert max(map(len, messages)) < 1000 + len(str(path))


def test_weights_that_cannot_be_fetched_end_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(CheckpointLoader, "load_checkpoint", staticmethod(fail))
    with pytest.raises(
        ConnectionError, match=r"could not be fetched from https://.*no route to host.*--weights FILE"
    ):
        fetch_weights(small())


@pytest.mark.parametrize("reachable", [False, True])
def test_hub_of_timm_is_asked_only_with_a_connection(
    reachable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def connect(*arguments: object, **options: object) -> SimpleNamespace:
        if not reachable:
            raise OSError("no route to host")
        return SimpleNamespace(close=lambda: None)

    def create_model(*arguments: object, **options: object) -> None:
        asked.append(not constants.HF_HUB_OFFLINE)
        raise OSError("not in the cache")

    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(timm, "create_model", create_model)
    with pytest.raises(ConnectionError, match=r"could not be fetched from the hub of timm.*--weights none"):
        fetch_weights(small_of_timm())
    assert asked == [reachable]
    assert constants.HF_HUB_OFFLINE is False


def test_published_weights_are_matched(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = build_backbone(small()).state_dict()
    published = {"state_dict": {f"backbone.{name}": value for name, value in expected.items()}}
    monkeypatch.setattr(CheckpointLoader, "load_checkpoint", staticmethod(lambda *_, **__: published))
    assert fetch_weights(small()).keys() == expected.keys()


def test_a_weight_of_another_shape_raises(tmp_path: Path) -> None:
    tensors = build_backbone(small()).state_dict()
    name = next(iter(tensors))
    tensors[name] = tensors[name][:1]
    path = write(tmp_path / "weights.pth", tensors, "", None)
    with pytest.raises(ValueError, match=f"the first without a value of its shape is '{name}'"):
        read_weights(path, small())
