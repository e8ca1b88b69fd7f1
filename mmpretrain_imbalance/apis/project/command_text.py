"""Commands of a project as text that can be pasted into a shell."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...utils.shipped_files import shipped_folder


def command_text(tool: str, *arguments: str | os.PathLike[str], **options: Any) -> str:
    """Format a command of this package.

    Args:
        tool: Path of the tool in ``tools``.
        *arguments: Its arguments. One with ``*`` is a pattern, which the shell replaces.
        **options: Its options; None is left out, and True is an option without a value.

    Returns:
        The command.

    Example:
        >>> command_text("train.py", "my project/config.py", amp=True).split("tools/")[1]
        "train.py 'my project/config.py' --amp"
    """
    words = ["python", shlex.quote(str(Path(shipped_folder("tools")) / tool))]
    words += [str(word) if "*" in str(word) else shlex.quote(str(word)) for word in arguments]
    return " ".join([*words, *_option_words(options)])


def _option_words(options: Mapping[str, Any]) -> list[str]:
    words = []
    for name, value in options.items():
        if value is None or value is False:
            continue
        words.append("--" + name.replace("_", "-"))
        if value is not True:
            values = value if isinstance(value, (list, tuple, set)) else [value]
            words += [shlex.quote(str(item)) for item in values]
    return words
