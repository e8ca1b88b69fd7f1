"""Error messages without a traceback for wrong input. Every other error keeps its traceback."""

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
from urllib.error import URLError

from _lib.file_system_errors import file_system_message, log_without_tracebacks
from mmengine.config import Config

import mmpretrain_imbalance
from mmpretrain_imbalance.utils.printable import printable

_OWN_FOLDERS = tuple(
    f"{folder}{os.sep}"
    for folder in (Path(mmpretrain_imbalance.__file__).parent, Path(__file__).resolve().parents[1])
)
_UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")
# End of the text of an error that torch copies from a data loader process: a frame, its line and the message.
_IN_WORKER = re.compile(
    r'.*\n  File "(?P<file>[^\n]+)", line \d+, in [^\n]+\n    raise [^\n]+\n(?: +[~^]+\n)?'
    r"\w[\w.]*: (?P<message>.+)",
    re.DOTALL,
)
# Beginning of the message of torch's BatchNorm.
_ONE_VALUE_PER_CHANNEL = "Expected more than 1 value per channel when training"


@contextmanager
def explain_input_errors(
    parser: argparse.ArgumentParser, keep_traceback: bool, cfg: Config | None = None
) -> Iterator[None]:
    """End the program with an error message and exit status 2 if the input is wrong.

    Lines of a log file that cannot be written are left out.

    Args:
        parser: Parser of the command line.
        keep_traceback: Whether to raise the error itself instead, with its traceback.
        cfg: The config of the run, so that a message can name inherited arguments.
    """
    try:
        with log_without_tracebacks():
            yield
    except Exception as error:
        message = None if keep_traceback else input_error_message(error, cfg)
        if message is None:
            raise
        text = f"{parser.prog}: error: {message}\n(Use --traceback to see the traceback.)\n"
        parser.exit(2, printable(text))


def input_error_message(error: BaseException | None, cfg: Config | None = None) -> str | None:
    """Return the message of an error that wrong input caused.

    Five kinds of errors count as wrong input: errors that a ``raise`` statement of this package raised, in
    this process or in a data loader process, errors from a config with an unknown type or argument, URLs that
    cannot be read, a batch of one image that BatchNorm cannot train on, and a full disk or a file that cannot
    be accessed.

    Args:
        error: The error; the errors that caused it are examined as well.
        cfg: The config of the run.

    Returns:
        The message, or ``None`` for any other error.
    """
    while error is not None:
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        builds = [frame for frame in frames if frame.f_code.co_name == "build_from_cfg"]
        last = traceback.extract_tb(error.__traceback__)[-1:]
        in_worker = _IN_WORKER.match(str(error))
        if isinstance(error, URLError):
            return (
                f"The weights at a URL of the config could not be fetched ({error.reason}). Give a file with "
                "--cfg-options model.backbone.init_cfg.checkpoint=FILE, or train from random weights with "
                "model.backbone.init_cfg=None."
            )
        if message := file_system_message(error):
            return message
        if isinstance(error, ValueError) and str(error).startswith(_ONE_VALUE_PER_CHANNEL):
            return (
                "The last batch of an epoch must have more than one image, because BatchNorm cannot train on "
                "one value per channel, as this network has for images of this size. Set "
                "train_dataloader.drop_last=True, another train_dataloader.batch_size, or larger images."
            )
        # A loss of this package raises for an unexpected argument itself, but cannot list its arguments.
        if builds and isinstance(error, (KeyError, TypeError)):
            message = config_error_message(error, builds[-1], builds[-1] is frames[-1], cfg)
            if message is not None:
                return message
        if last and last[0].filename.startswith(_OWN_FOLDERS) and (last[0].line or "").startswith("raise "):
            return str(error.args[0]) if len(error.args) == 1 else str(error)
        if in_worker and in_worker["file"].startswith(_OWN_FOLDERS):
            return in_worker["message"].strip()
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return None


def config_error_message(
    error: KeyError | TypeError, build: FrameType, is_last: bool, cfg: Config | None = None
) -> str | None:
    """Return a message that names the wrong type or argument of a config.

    Args:
        error: Error that was raised while MMEngine built an object from a config.
        build: Frame of MMEngine's ``build_from_cfg``.
        is_last: Whether this frame itself raised the error, rather than a function that it called.
        cfg: The config of the run.

    Returns:
        The message, or ``None`` if the error has another cause.
    """
    values = build.f_locals
    built = values.get("obj_cls")
    if isinstance(error, KeyError):
        if not is_last or built is not None or "obj_type" not in values:
            return None
        registry, name = values["registry"], values["obj_type"]
        known = set(registry.module_dict) | set(registry.parent.module_dict if registry.parent else ())
        return (
            f"The config must use registered types. Got {name!r} in the registry {registry.name!r} instead."
            + suggestion(name, known)
            + " If the type is your own, add its module to custom_imports."
        )
    unexpected = _UNEXPECTED.search(str(error))
    if inspect.isclass(built) and unexpected and unexpected[1] in values.get("args", ()):
        known = argument_names(built)
        if unexpected[1] == "_delete_":
            remedy = ". Remove it: no base config sets this dict, so there is nothing to delete."
        elif cfg is not None and is_inherited(unexpected[1], cfg):
            remedy = (
                ", which is inherited from a base config. Add _delete_=True, which removes all inherited "
                f"settings: dict(_delete_=True, type={built.__name__!r}, ...)."
            )
        else:
            remedy = "." + suggestion(unexpected[1], known)
        return (
            f"The config of {built.__name__} must use arguments of this class. Got {unexpected[1]!r} instead"
            f"{remedy} The arguments are {', '.join(known)}."
        )
    if is_last and built is not None:
        reason = str(error).partition("() ")[2] or str(error)
        name = getattr(built, "__name__", built)
        return f"The config of {name} must match the arguments of its type: {reason}."
    return None


def is_inherited(argument: str, cfg: Config) -> bool:
    """Return whether a base config contains the name of an argument, and the config file itself does not.

    Args:
        argument: Name of an argument.
        cfg: A config that was read from a file. Its text is that of the file and of its base configs.
    """
    if not cfg.filename or not Path(cfg.filename).is_file():
        return False
    word = re.compile(rf"\b{re.escape(argument)}\b")
    own_text = Path(cfg.filename).read_text(encoding="utf-8")
    return bool(word.search(cfg.text)) and not word.search(own_text)


def argument_names(cls: type) -> list[str]:
    """List the arguments of a class, including those that ``**kwargs`` passes on to its base classes.

    Args:
        cls: The class.

    Returns:
        Names in the order of their definition, the class itself before its base classes.
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
    """Suggest the known name that is most similar to a misspelled one.

    Args:
        name: The misspelled name.
        known: The known names.

    Returns:
        A question that starts with a space, or an empty string if no name is similar.
    """
    close = difflib.get_close_matches(str(name), list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
