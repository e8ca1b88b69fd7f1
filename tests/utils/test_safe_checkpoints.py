"""Checkpoints of MMEngine load in the weights-only mode, and malicious checkpoints do not."""

from __future__ import annotations

import errno
import functools
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from fractions import Fraction
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.optim import OneCycleLR
from mmengine.runner import CheckpointLoader

from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only, make_checkpoint_loaders_safe


class Reduced:
    """Object whose pickle calls ``function(*args)``, as in a malicious file."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> tuple:
        return self.call

    def __call__(self) -> None:
        """Pickle requires the first item of a reduction to be callable, even if it is a reduction itself."""


def by_mmengine(path: Path) -> Any:
    return CheckpointLoader.load_checkpoint(str(path), map_location="cpu")


@pytest.fixture(params=[load_weights_only, by_mmengine])
def load(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("code", "?" + np.typecodes["AllInteger"] + np.typecodes["AllFloat"])
def test_numpy_numbers_load(tmp_path: Path, load: Any, code: str) -> None:
    array = np.arange(3).astype(code)
    torch.save({"array": array, "scalar": array[1]}, tmp_path / "a.pth")

    loaded = load(tmp_path / "a.pth")

    np.testing.assert_array_equal(loaded["array"], array, strict=True)
    assert loaded["scalar"] == array[1]
    assert loaded["scalar"].dtype == array.dtype


def test_log_buffer_loads(tmp_path: Path, load: Any) -> None:
    buffer = HistoryBuffer([1.0, 3.0], [1, 1])
    torch.save({"message_hub": {"train/loss": buffer}}, tmp_path / "a.pth")

    loaded = load(tmp_path / "a.pth")["message_hub"]["train/loss"]

    np.testing.assert_array_equal(loaded.data, buffer.data)
    assert loaded.statistics("mean") == 2.0
    assert loaded.current() == 3.0


@pytest.mark.parametrize("value", [HistoryBuffer([1.0], [1]), np.ones(2), np.float64(1)])
def test_torch_alone_still_rejects_them(tmp_path: Path, value: Any) -> None:
    """The types that the process allows do not change, before or after loading a checkpoint."""
    torch.save({"a": value}, tmp_path / "a.pth")
    before = set(torch.serialization.get_safe_globals())
    load_weights_only(tmp_path / "a.pth")
    with pytest.raises(UnpicklingError):
        torch.load(tmp_path / "a.pth", weights_only=True)
    assert set(torch.serialization.get_safe_globals()) == before
    assert not {np.ndarray, np.dtype, getattr, HistoryBuffer} & before


def test_making_the_loaders_safe_twice_changes_nothing() -> None:
    make_checkpoint_loaders_safe()
    before = CheckpointLoader.load_checkpoint
    make_checkpoint_loaders_safe()
    assert CheckpointLoader.load_checkpoint is before


def test_types_of_numpy_that_a_user_allows_are_replaced(tmp_path: Path, load: Any) -> None:
    torch.save({"a": np.ones(2)}, tmp_path / "honest.pth")
    torch.save({"a": np.array([None])}, tmp_path / "objects.pth")
    allowed = [np.ndarray, np.dtype, type(np.dtype("O")), np._core.multiarray._reconstruct]
    with torch.serialization.safe_globals([*allowed, Path]):
        assert load(tmp_path / "honest.pth")["a"].tolist() == [1, 1]
        with pytest.raises(UnpicklingError):
            load(tmp_path / "objects.pth")
        assert {*allowed, Path} <= set(torch.serialization.get_safe_globals())


def test_a_type_that_a_user_allows_loads(tmp_path: Path, load: Any) -> None:
    torch.save({"a": Fraction(1, 3)}, tmp_path / "a.pth")
    with pytest.raises(
        UnpicklingError, match=r"a.pth' must be loadable with weights_only=True.*fractions.Fraction"
    ):
        load(tmp_path / "a.pth")
    with torch.serialization.safe_globals([Fraction]):
        assert load(tmp_path / "a.pth")["a"] == Fraction(1, 3)


def test_a_value_that_occurs_twice_stays_one_value(tmp_path: Path, load: Any) -> None:
    array, weights = np.ones(2), OrderedDict(a=torch.ones(1))
    weights._metadata = {"array": array}
    torch.save({"weights": weights, "pair": (array, [array])}, tmp_path / "a.pth")

    loaded = load(tmp_path / "a.pth")

    first, (second,) = loaded["pair"]
    assert first is second is loaded["weights"]._metadata["array"]
    assert type(loaded["weights"]) is OrderedDict


HOSTILE = {
    "a command": lambda flag: Reduced(os.system, f"touch {flag}"),
    "eval": lambda flag: Reduced(eval, f"open({str(flag)!r}, 'w')"),
    "eval, reached through getattr": lambda flag: Reduced(getattr, Reduced(__import__, "builtins"), "eval"),
    "a dunder of an allowed class": lambda flag: Reduced(getattr, HistoryBuffer, "__subclasses__"),
    "an attribute of another allowed class": lambda flag: Reduced(getattr, np.ndarray, "tofile"),
    "a method called through getattr": lambda flag: Reduced(
        Reduced(getattr, HistoryBuffer, "register_statistics"), print
    ),
    "a class that is not on the list": lambda flag: Path(flag),
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_malicious_checkpoint_is_rejected(tmp_path: Path, load: Any, attack: str) -> None:
    flag = tmp_path / "code_ran"
    torch.save({"state_dict": {}, "meta": HOSTILE[attack](flag)}, tmp_path / "a.pth")

    with pytest.raises(UnpicklingError):
        load(tmp_path / "a.pth")

    assert not flag.exists()


def test_environment_variable_does_not_disable_the_safety(
    tmp_path: Path, load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Users set it for other programs, because MMEngine alone cannot resume with torch 2.6 and later."""
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    monkeypatch.delenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", raising=False)
    flag = tmp_path / "code_ran"
    torch.save({"meta": HOSTILE["a command"](flag)}, tmp_path / "a.pth")
    torch.save({"loss": HistoryBuffer([2.0], [1])}, tmp_path / "honest.pth")

    with pytest.raises(UnpicklingError):
        load(tmp_path / "a.pth")

    assert load(tmp_path / "honest.pth")["loss"].current() == 2
    assert not flag.exists()
    assert os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] == "1"
    assert "TORCH_FORCE_WEIGHTS_ONLY_LOAD" not in os.environ


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """URL of a local server with the files of the test folder."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "downloads"))
    handler = functools.partial(SimpleHTTPRequestHandler, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_downloads_are_weights_only_too(tmp_path: Path, address: str) -> None:
    """torch.hub, which MMEngine uses for downloads, disables the weights-only mode."""
    flag = tmp_path / "code_ran"
    torch.save({"meta": HOSTILE["a command"](flag)}, tmp_path / "hostile.pth")
    torch.save({"loss": HistoryBuffer([2.0], [1])}, tmp_path / "honest.pth")

    with pytest.raises(UnpicklingError):
        CheckpointLoader.load_checkpoint(f"{address}/hostile.pth", "cpu")

    assert not flag.exists()
    assert CheckpointLoader.load_checkpoint(f"{address}/honest.pth", "cpu")["loss"].current() == 2


@pytest.mark.parametrize("length", [0, 1, 100, 300, 900])
def test_truncated_file_raises_one_sentence(tmp_path: Path, load: Any, length: int) -> None:
    torch.save({"loss": HistoryBuffer([2.0], [1]), "weight": torch.ones(9)}, tmp_path / "whole.pth")
    (tmp_path / "cut.pth").write_bytes((tmp_path / "whole.pth").read_bytes()[:length])
    with pytest.raises(
        UnpicklingError, match=r"^The checkpoint '.*cut.pth' must be loadable with weights_only=True"
    ):
        load(tmp_path / "cut.pth")


def test_out_of_memory_error_is_not_attributed_to_the_file(
    tmp_path: Path, load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any, **options: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    torch.save({}, tmp_path / "a.pth")
    monkeypatch.setattr(torch.serialization, "_load", full)
    with pytest.raises(torch.OutOfMemoryError):
        load(tmp_path / "a.pth")


def test_a_missing_file_is_named(tmp_path: Path, load: Any) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere.pth"):
        load(tmp_path / "nowhere.pth")


def test_attack_succeeds_without_the_safety(tmp_path: Path) -> None:
    """The tests above are meaningful only if their files are malicious."""
    flag = tmp_path / "code_ran"
    torch.save({"meta": HOSTILE["a command"](flag)}, tmp_path / "a.pth")
    torch.load(tmp_path / "a.pth", weights_only=False)
    assert flag.exists()


@pytest.mark.parametrize("strategy", ["cos", "linear"])
def test_one_cycle_schedule_loads(tmp_path: Path, load: Any, strategy: str) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = OneCycleLR(optimizer, eta_max=0.1, total_steps=4, anneal_strategy=strategy)
    torch.save({"param_schedulers": [scheduler.state_dict()]}, tmp_path / "a.pth")

    state = load(tmp_path / "a.pth")["param_schedulers"][0]

    assert state["anneal_func"](0.0, 1.0, 0.5) == 0.5


def test_names_in_a_file_are_printable_in_the_message(tmp_path: Path, load: Any) -> None:
    torch.save({"a": torch.ones(1)}, tmp_path / "a.pth", _use_new_zipfile_serialization=False)
    content = (tmp_path / "a.pth").read_bytes()
    (tmp_path / "a.pth").write_bytes(content.replace(b"ctorch._utils", b"c\x1b[2Jch._utils"))
    with pytest.raises(UnpicklingError, match=r"GLOBAL .x1b\[2J"):
        load(tmp_path / "a.pth")


def test_errors_of_torch_are_one_line_in_the_message(
    tmp_path: Path, load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise TypeError("got (int), but expected one of:\n * ()\n * (Tensor)")

    torch.save({}, tmp_path / "a.pth")
    monkeypatch.setattr(torch.serialization, "_load", fail)
    with pytest.raises(
        UnpicklingError, match=r"Got TypeError instead: got .* one of: \* \(\) \* \(Tensor\)$"
    ):
        load(tmp_path / "a.pth")


@pytest.mark.parametrize(("number", "kind"), [(errno.EINVAL, UnpicklingError), (errno.EIO, OSError)])
def test_errors_of_the_disk_are_not_attributed_to_the_file(
    tmp_path: Path, load: Any, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise OSError(number, os.strerror(number))

    torch.save({}, tmp_path / "a.pth")
    monkeypatch.setattr(torch.serialization, "_load", fail)
    with pytest.raises(kind, match=os.strerror(number)) as error:
        load(tmp_path / "a.pth")
    assert type(error.value) is kind
