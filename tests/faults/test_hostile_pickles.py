"""No function of this package that loads a file runs code of it, however the code is packed.

tests/utils/test_hostile_pickles.py opens pickles that no pickler writes, in processes that may crash.
"""

from __future__ import annotations

import ast
import io
import os
import pickle
import shutil
import subprocess
import tarfile
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.fileio import load as load_of_mmengine
from mmengine.model import BaseModule
from mmengine.runner import CheckpointLoader, load_checkpoint

from mmpretrain_imbalance.apis.project.backbone_weights import _stored_tensors
from mmpretrain_imbalance.datasets import (
    DatasetSubset,
    FeatureStore,
    ImbalancedCIFAR,
    LabelStore,
    label_store_from_array,
)
from mmpretrain_imbalance.datasets.readers.matlab_file import read_matlab_array
from mmpretrain_imbalance.datasets.readers.plain_pickle import read_plain_pickle
from mmpretrain_imbalance.datasets.readers.single_positive import read_single_positive_matrices
from mmpretrain_imbalance.datasets.readers.subset import read_image_list
from mmpretrain_imbalance.datasets.tables import read_label_table
from mmpretrain_imbalance.losses.base.given_pseudo_labels import GivenPseudoLabels
from mmpretrain_imbalance.losses.base.given_soft_labels import read_soft_labels
from mmpretrain_imbalance.metrics.known_predictions import KnownPredictions
from mmpretrain_imbalance.models.feature_backbone import read_statistics
from mmpretrain_imbalance.utils.array_files import load_archive, load_array
from mmpretrain_imbalance.utils.checkpoint_files import read_complete_checkpoint
from mmpretrain_imbalance.utils.class_values import read_named_values
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.architecture.source_tree import ROOT, python_files
from tests.datasets.published_files import write_cifar10
from tests.datasets.stored_features import draw, write_store
from tests.utils.test_safe_checkpoints import Reduced


class WithState:
    """Object whose state a function of the file sets."""

    def __init__(self, flag: Path) -> None:
        self.flag = flag

    def __reduce__(self) -> tuple:
        return OrderedDict, (), {"a": Reduced(exec, f"open({str(self.flag)!r}, 'w')")}


#: Objects that create a file when Python's pickle reads them. The files are empty or of NumPy and torch.
ATTACKS: dict[str, Callable[[Path], Any]] = {
    "a command": lambda flag: Reduced(os.system, f"touch {flag}"),
    "a process": lambda flag: Reduced(subprocess.check_call, ["touch", str(flag)]),
    "eval": lambda flag: Reduced(eval, f"open({str(flag)!r}, 'w')"),
    "eval in a tuple of a list": lambda flag: [(1, [Reduced(eval, f"open({str(flag)!r}, 'w')")])],
    "a state": WithState,
    "getattr": lambda flag: Reduced(Reduced(getattr, Reduced(__import__, "os"), "system"), f"touch {flag}"),
    "a pickle in a pickle": lambda flag: Reduced(pickle.loads, pickle.dumps(ATTACKS["a command"](flag))),
    "a pickle of mmengine": lambda flag: Reduced(load_of_mmengine, _written(flag, ".pkl", pickle.dumps)),
    "a checkpoint without its limits": lambda flag: Reduced(
        partial(torch.load, weights_only=False), _written(flag, ".pth", torch_archive)
    ),
    "a tensor made by a function": lambda flag: Reduced(
        torch._tensor._rebuild_from_type_v2, eval, object, (f"open({str(flag)!r}, 'w')",), None
    ),
    "a file of an array": lambda flag: Reduced(np.ndarray.tofile, np.zeros(1), str(flag)),
    "a file of NumPy": lambda flag: Reduced(np.savetxt, str(flag), [1]),
    "a file of torch": lambda flag: Reduced(torch.save, 1, str(flag)),
}


def _written(flag: Path, suffix: str, pack: Callable[[Any], bytes]) -> str:
    """Write another file with a command beside the flag, and return its path."""
    path = flag.with_name(f"other{suffix}")
    path.write_bytes(pack(ATTACKS["a command"](flag)))
    return str(path)


def plain_pickle(content: Any) -> bytes:
    return pickle.dumps(content, protocol=2)


def torch_archive(content: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(content, stream, **options)
    return stream.getvalue()


def torch_before_1_6(content: Any) -> bytes:
    return torch_archive(content, _use_new_zipfile_serialization=False)


def torch_tar(content: Any) -> bytes:
    """The format of the first versions of torch."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name in ("sys_info", "pickle", "tensors", "storages"):
            member = tarfile.TarInfo(name)
            member.size = len(plain_pickle(content))
            archive.addfile(member, io.BytesIO(plain_pickle(content)))
    return stream.getvalue()


def torch_script(content: Any) -> bytes:
    """An archive of TorchScript with the pickle in place of its data and of its constants."""
    stream, changed = io.BytesIO(), io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), stream)
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(changed, "w") as archive:
        for name in old.namelist():
            archive.writestr(name, plain_pickle(content) if name.endswith(".pkl") else old.read(name))
    return changed.getvalue()


def zip_of_pickles(content: Any) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in ("archive/data.pkl", "data.pkl", "mean.npy", "class_names.npy", "images.npy"):
            archive.writestr(name, plain_pickle(content))
    return stream.getvalue()


def array_of_objects(content: Any) -> bytes:
    stream, objects = io.BytesIO(), np.empty((2, 2), dtype=object)
    objects[0, 0] = content
    np.save(stream, objects, allow_pickle=True)
    return stream.getvalue()


def archive_of_objects(content: Any) -> bytes:
    stream = io.BytesIO()
    names = ("images", "classes", "scores", "labels", "class_names", "num_images", "mean", "std")
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(f"{name}.npy", array_of_objects(content))
    return stream.getvalue()


PACKED = {
    pack.__name__: pack
    for pack in (
        plain_pickle,
        torch_archive,
        torch_before_1_6,
        torch_tar,
        torch_script,
        zip_of_pickles,
        array_of_objects,
        archive_of_objects,
    )
}


def _copied(path: Path, write: Callable[[Path], Any]) -> Path:
    """Return a valid folder for a damaged file, of which the first one of the test is copied."""
    first = path.parent.parent / "valid"
    if not first.exists():
        write(first)
    return Path(shutil.copytree(first, path.parent / "valid"))


def _cifar(path: Path) -> Any:
    folder = _copied(path, lambda folder: (folder.mkdir(), write_cifar10(folder, per_class=1)))
    path.replace(folder / "cifar-10-batches-py" / "test_batch")
    return ImbalancedCIFAR(str(folder), "test", pipeline=[]).label_store


def _image_list(path: Path) -> Any:
    store = label_store_from_array([[1]], ["7.jpg"], ["cat"])
    return list(read_image_list(store, path.rename(path.with_suffix(".pkl"))).parts)


def _label_store(path: Path, name: str) -> Any:
    store = label_store_from_array([[1, 0], [0, 1]], ["a.jpg", "b.jpg"], ["cat", "dog"])
    folder = _copied(path, store.save)
    path.replace(folder / name)
    store = LabelStore.open(folder)
    return store.verify()


def _feature_store(path: Path, name: str) -> Any:
    folder = _copied(path, lambda folder: write_store(folder, *draw(6)))
    path.replace(folder / name)
    return FeatureStore.open(folder)


def _pseudo_labels(path: Path) -> Any:
    return GivenPseudoLabels(path, 2).read(2)


def _with_suffix(read: Callable[[Path], Any], suffix: str) -> Callable[[Path], Any]:
    return lambda path: read(path.rename(path.with_suffix(suffix)))


LOADERS: dict[str, Callable[[Path], Any]] = {
    "load_weights_only": load_weights_only,
    "read_complete_checkpoint": read_complete_checkpoint,
    "CheckpointLoader": lambda path: CheckpointLoader.load_checkpoint(str(path), "cpu", logger="silent"),
    "load_checkpoint": lambda path: load_checkpoint(torch.nn.Linear(2, 2), str(path), logger="silent"),
    "init_cfg": lambda path: BaseModule(dict(type="Pretrained", checkpoint=str(path))).init_weights(),
    "backbone weights": lambda path: _stored_tensors(path, "new_project"),
    "load_array": load_array,
    "load_array, mapped": lambda path: load_array(path, "r"),
    "load_archive": load_archive,
    "read_soft_labels": lambda path: read_soft_labels(path, 2, "SoftLabelLoss"),
    "GivenPseudoLabels": _pseudo_labels,
    "DatasetSubset": lambda path: DatasetSubset(list(range(2)), path),
    "read_statistics": lambda path: read_statistics(path, 2),
    "KnownPredictions": KnownPredictions.load,
    "single positives": lambda path: read_single_positive_matrices(path, path, meaning="zero_is_unknown"),
    "matlab": lambda path: read_matlab_array(path, "GT"),
    "read_plain_pickle": read_plain_pickle,
    "CIFAR": _cifar,
    "image list": _image_list,
    "table": _with_suffix(read_label_table, ".csv"),
    "table in a pickle": _with_suffix(read_label_table, ".pkl"),
    "prior in JSON": _with_suffix(lambda path: read_named_values(path, "class_prior", ["cat"]), ".json"),
    "prior in CSV": _with_suffix(lambda path: read_named_values(path, "class_prior", ["cat"]), ".csv"),
    "classes of a label store": lambda path: _label_store(path, "classes.npy"),
    "manifest of a label store": lambda path: _label_store(path, "manifest.json"),
    "features": lambda path: _feature_store(path, "features.npy"),
    "manifest of features": lambda path: _feature_store(path, "feature_store.json"),
}


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda file: None)


def fresh(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def flag_of_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attacks") / "code_ran"


@pytest.fixture(scope="module")
def files(flag_of_all: Path) -> dict[tuple[str, str], bytes]:
    """Every attack in every format."""
    return {
        (attack, name): pack({"state_dict": {"weight": torch.ones(2, 2)}, "meta": make(flag_of_all)})
        for attack, make in ATTACKS.items()
        for name, pack in PACKED.items()
    }


@pytest.mark.parametrize("loader", LOADERS)
def test_no_code_of_a_file_runs(
    tmp_path: Path, flag_of_all: Path, files: dict[tuple[str, str], bytes], loader: str
) -> None:
    accepted = []
    flag_of_all.unlink(missing_ok=True)
    for (attack, name), content in files.items():
        path = fresh(tmp_path / f"{attack} {name}") / "file"
        path.write_bytes(content)
        try:
            LOADERS[loader](path)
        except (ValueError, UnpicklingError):
            assert not flag_of_all.exists(), (attack, name)
        else:
            accepted.append((attack, name))
    assert accepted == []
    assert not flag_of_all.exists()


POSITIONS: dict[str, Callable[[Any], Any]] = {
    "itself": lambda value: value,
    "weights": lambda value: {"state_dict": {"weight": value}},
    "averaged weights": lambda value: {"state_dict": {}, "ema_state_dict": {"steps": value}},
    "state of the optimizer": lambda value: {"optimizer": {"state": {0: {"exp_avg": value}}}},
    "groups of the optimizer": lambda value: {"optimizer": {"param_groups": [{"lr": value}]}},
    "scheduler": lambda value: {"param_schedulers": [{"anneal_func": value}]},
    "message hub": lambda value: {"message_hub": {"log_scalars": {"loss": value}}},
    "set": lambda value: {"meta": {"seen": frozenset({1}), "other": (value,)}},
    "metadata of the weights": lambda value: {"state_dict": _with_metadata(value)},
}


def _with_metadata(value: Any) -> OrderedDict:
    weights: OrderedDict = OrderedDict(weight=torch.ones(1))
    weights._metadata = {"": {"version": value}}  # type: ignore[attr-defined]
    return weights


@pytest.mark.parametrize("position", POSITIONS)
def test_no_part_of_a_checkpoint_runs_code(tmp_path: Path, position: str) -> None:
    flag, path = tmp_path / "code_ran", tmp_path / "epoch_1.pth"
    for make in ATTACKS.values():
        for pack in (torch_archive, torch_before_1_6):
            path.write_bytes(pack(POSITIONS[position](make(flag))))
            for load in (load_weights_only, read_complete_checkpoint, LOADERS["CheckpointLoader"]):
                with pytest.raises(UnpicklingError):
                    load(path)
                assert not flag.exists()


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_attacks_succeed_in_an_unsafe_reader(tmp_path: Path, attack: str) -> None:
    """The tests above are meaningful only if their files run code."""
    flag = tmp_path / "code_ran"
    for pack in (plain_pickle, torch_archive, array_of_objects):
        content = io.BytesIO(pack({"meta": ATTACKS[attack](flag)}))
        flag.unlink(missing_ok=True)
        with suppress(AttributeError):  # what is made is no tensor
            if pack is plain_pickle:
                pickle.load(content)
            elif pack is torch_archive:
                torch.load(content, weights_only=False)
            else:
                np.load(content, allow_pickle=True)
        assert flag.exists(), pack.__name__


def _unsafe_calls(code: str) -> Iterable[tuple[int, str]]:
    """Yield line and name of each call that runs code of a file, or may do so."""
    unsafe = {
        "pickle.load",
        "pickle.loads",
        "fileio.load",
        "mmengine.load",
        "jit.load",
        "hub.load",
        "joblib.load",
    }
    unsafe |= {"yaml.load", "yaml.unsafe_load", "read_pickle", "eval", "exec", "hub.load_state_dict_from_url"}
    last_words = {name.split(".")[-1] for name in unsafe}
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        last = getattr(node.func, "attr", getattr(node.func, "id", None))
        if last in last_words or any(item.arg == "allow_pickle" for item in node.keywords):
            words = ast.unparse(node.func).split(".")
            keywords = {item.arg: ast.unparse(item.value) for item in node.keywords}
            name = words[-1] if words[-1] == "read_pickle" else ".".join(words[-2:])
            if name in unsafe or keywords.get("allow_pickle", "False") != "False":
                yield node.lineno, name
            if name == "torch.load" and keywords.get("weights_only") != "True":
                yield node.lineno, name


def test_shipped_code_calls_no_unsafe_reader() -> None:
    """All files are read by the functions above, by torch.load with weights_only, or by np.load."""
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in python_files("mmpretrain_imbalance", "configs", "tools")
        for _, name in _unsafe_calls(path.read_text(encoding="utf-8"))
    ]
    # A law of losses copies a loss by a pickle of its own.
    assert found == ["mmpretrain_imbalance/testing/laws_of_state.py: pickle.loads"]


@pytest.mark.parametrize(
    "code",
    [
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path, allow_pickle=True)",
        "pickle.load(file)",
        "torch.jit.load(path)",
        "mmengine.fileio.load(path)",
        "pandas.read_pickle(path)",
        "eval(text)",
    ],
)
def test_unsafe_calls_are_found(code: str) -> None:
    assert len(list(_unsafe_calls(code))) == 1
    assert not list(_unsafe_calls("torch.load(path, weights_only=True); np.load(path); model.eval()"))
