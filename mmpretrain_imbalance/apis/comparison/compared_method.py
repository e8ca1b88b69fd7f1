"""Methods that a comparison trains."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmpretrain.registry import MODELS

from ...utils.shipped_files import shipped_folder

_PARTS = ("loss", "head", "sampler", "hooks", "paramwise_cfg")
_OTHERS = ("requires", "search_space", "custom_imports")
#: Names of data, settings and methods are names of folders.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")


@dataclass(frozen=True)
class ComparedMethod:
    """A method that a comparison inserts into base configs.

    Attributes:
        name: Name of the method in folders and tables.
        parts: The parts that a config inserts: ``loss`` and perhaps ``head``, ``sampler``, ``hooks`` and
            ``paramwise_cfg``; see configs/README.md.
        requires: Arguments of the loss that a run of another method in the same setting and with the same
            seed must make first, with the name of that method; only ``class_prior`` so far.
        search_space: Values to try, by the dotted key of a part, such as ``'loss.max_weight'``.
        imports: Modules that register the components of the method.
        is_shipped: Whether it is a file of this package, whose numbers are those of the papers, and not of
            a user, who has chosen them for the data.
        values: Values that replace those of the parts, by dotted key, also arguments that depend on the data.
    """

    name: str
    parts: dict[str, Any]
    requires: dict[str, str] = field(default_factory=dict)
    search_space: dict[str, list[Any]] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    is_shipped: bool = False
    values: dict[str, Any] = field(default_factory=dict)


def method_variant(name: str, method: ComparedMethod, values: Mapping[str, Any]) -> ComparedMethod:
    """Return a method under another name, with other values, which no trial changes.

    Args:
        name: Name of the variant.
        method: The method.
        values: Values by the dotted key of a part of the method, such as ``'loss.rate'``.

    Returns:
        The variant.

    Example:
        >>> weak = method_variant("weak", read_method("large_loss"), {"loss.delta": 0.1})
        >>> weak.values, weak.search_space
        ({'loss.delta': 0.1}, {})
    """
    space = {key: tried for key, tried in method.search_space.items() if key not in values}
    return replace(method, name=name, search_space=space, values={**method.values, **values})


def read_method(method: str | os.PathLike[str] | ComparedMethod) -> ComparedMethod:
    """Read a method.

    Args:
        method: Name of a file in ``configs/_base_/methods``, path of a config file of the same form, or name
            of a loss in MMPretrain's registry, which is built without arguments. A method that was read is
            returned as it is.

    Returns:
        The method.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not the file of a method, or there is no such method.

    Example:
        >>> read_method("hill_loss").parts["loss"]["type"], read_method("ZLPRLoss").name
        ('HillLoss', 'ZLPRLoss')
    """
    if isinstance(method, ComparedMethod):
        return method
    text = os.fspath(method)
    shipped = shipped_folder("configs") / "_base_" / "methods" / f"{text}.py"
    if text.endswith(".py"):
        if not Path(text).is_file():
            raise FileNotFoundError(
                f"The file of a method in the 'methods' argument must exist. Got {text!r} instead."
            )
        return _method_of_file(Path(text), is_shipped=False)
    if NAME.fullmatch(text) and shipped.is_file():
        return _method_of_file(shipped, is_shipped=True)
    if NAME.fullmatch(text) and MODELS.get(text) is not None:
        return ComparedMethod(text, {"loss": dict(type=text)})
    names = sorted(path.stem for path in shipped.parent.glob("*.py"))
    similar = difflib.get_close_matches(text, names, n=1)
    question = f" Did you mean {similar[0]!r}?" if similar else ""
    raise ValueError(
        "The 'methods' argument must have names of methods, paths of config files that end in .py, or types "
        f"of losses in the registry. Got {text!r} instead.{question} The methods are {', '.join(names)}."
    )


def _method_of_file(path: Path, is_shipped: bool) -> ComparedMethod:
    try:
        config = Config.fromfile(path)
    except (SyntaxError, NameError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path}: expected the config file of a method, found an error: {error}. See "
            "docs/add_a_method.md."
        ) from error
    content = config.to_dict()
    if not isinstance(content.get("loss"), dict) or "type" not in content["loss"]:
        raise ValueError(
            f"{path}: expected the name 'loss', the config of a loss with its type, found the names "
            f"{sorted(content)}. A method defines loss = dict(type=...), see configs/README.md."
        )
    unknown = set(content) - {*_PARTS, *_OTHERS}
    if unknown:
        raise ValueError(
            f"{path}: expected only the names {', '.join((*_PARTS, *_OTHERS))}, found {sorted(unknown)}. The "
            "base config defines everything else."
        )
    return ComparedMethod(
        name=path.stem,
        parts={name: content[name] for name in _PARTS if name in content},
        requires=dict(content.get("requires", {})),
        search_space={key: list(values) for key, values in content.get("search_space", {}).items()},
        imports=_imports(content.get("custom_imports")),
        is_shipped=is_shipped,
    )


def _imports(custom_imports: dict[str, Any] | None) -> tuple[str, ...]:
    named = (custom_imports or {}).get("imports", ())
    return (named,) if isinstance(named, str) else tuple(named)
