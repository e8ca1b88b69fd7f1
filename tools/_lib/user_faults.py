"""One sentence where the input is at fault. An error that nobody raised on purpose keeps its traceback."""

from __future__ import annotations

import argparse
import difflib
import inspect
import os
import re
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import mmpretrain_imbalance

_OURS = tuple(
    f"{folder}{os.sep}"
    for folder in (Path(mmpretrain_imbalance.__file__).parent, Path(__file__).resolve().parents[1])
)
_UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")
# What torch makes of an error in a process that reads data ends with a frame, its code and the error.
_IN_WORKER = re.compile(
    r'.*\n  File "(?P<file>[^\n]+)", line \d+, in [^\n]+\n    raise [^\n]+\n(?: +[~^]+\n)?'
    r"\w[\w.]*: (?P<sentence>.+)",
    re.DOTALL,
)


@contextmanager
def explained_faults(parser: argparse.ArgumentParser, keep_traceback: bool) -> Iterator[None]:
    """End the program with a sentence and exit status 2 where the input is at fault.

    Args:
        parser: Of the command line.
        keep_traceback: Let the error through as it is.
    """
    try:
        yield
    except Exception as error:
        sentence = None if keep_traceback else fault_of_input(error)
        if sentence is None:
            raise
        parser.exit(2, f"{parser.prog}: error: {sentence}\n(--traceback shows where it was raised.)\n")


def fault_of_input(error: BaseException | None) -> str | None:
    """Say what is wrong with the input, if that is what an error is about.

    Args:
        error: The error, with the errors that led to it.

    Returns:
        A sentence for: what this package raised on purpose, in this process or in one that reads data, and a
        config that names an unknown type or an unknown argument. ``None`` for any other error.
    """
    while error is not None:
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        builds = [frame for frame in frames if frame.f_code.co_name == "build_from_cfg"]
        last = traceback.extract_tb(error.__traceback__)[-1:]
        in_worker = _IN_WORKER.match(str(error))
        if last and last[0].filename.startswith(_OURS) and (last[0].line or "").startswith("raise "):
            return str(error.args[0]) if len(error.args) == 1 else str(error)
        if in_worker and in_worker["file"].startswith(_OURS):
            return in_worker["sentence"].strip()
        if builds and isinstance(error, (KeyError, TypeError)):
            sentence = fault_of_config(error, builds[-1], is_last=builds[-1] is frames[-1])
            if sentence is not None:
                return sentence
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return None


def fault_of_config(error: KeyError | TypeError, build: FrameType, is_last: bool) -> str | None:
    """Say which type or argument in a config is wrong.

    Args:
        error: What MMEngine raised when it built an object.
        build: The frame of MMEngine's ``build_from_cfg``.
        is_last: Whether the error was raised there, and not in what it called.

    Returns:
        A sentence, or ``None`` if the error is about something else.
    """
    values = build.f_locals
    built = values.get("obj_cls")
    if isinstance(error, KeyError):
        if not is_last or built is not None or "obj_type" not in values:
            return None
        registry, name = values["registry"], values["obj_type"]
        known = set(registry.module_dict) | set(registry.parent.module_dict if registry.parent else ())
        return (
            f"The config must name types that are registered. Got {name!r} as a {registry.name} instead."
            + suggestion(name, known)
            + " A type of your own is registered by custom_imports."
        )
    unexpected = _UNEXPECTED.search(str(error))
    if inspect.isclass(built) and unexpected and unexpected[1] in values.get("args", ()):
        known = arguments_of(built)
        return (
            f"The config of {built.__name__} must hold arguments that it has. Got {unexpected[1]!r} instead."
            + suggestion(unexpected[1], known)
            + f" It takes {', '.join(known)}."
        )
    if is_last and built is not None:
        message = str(error).partition("() ")[2] or str(error)
        return f"The config of {getattr(built, '__name__', built)} does not fit: {message}."
    return None


def arguments_of(cls: type) -> list[str]:
    """The names that a class can be built with, also those that it hands on to the classes it inherits from.

    Args:
        cls: The class.

    Returns:
        Names in the order in which they are written down.
    """
    names: dict[str, None] = {}
    for base in cls.__mro__:
        if "__init__" not in vars(base):
            continue
        parameters = list(inspect.signature(base.__init__).parameters.values())[1:]
        named = (p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))
        names.update(dict.fromkeys(named))
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return list(names)


def suggestion(name: str, known: Iterable[str]) -> str:
    """Name the nearest known word.

    Args:
        name: What was written.
        known: What could have been meant.

    Returns:
        A question that begins with a space, or nothing if no word is near.
    """
    close = difflib.get_close_matches(str(name), list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
