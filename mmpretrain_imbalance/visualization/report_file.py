"""Writing of report pages, which never replace another file than an earlier report about the same subject."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from ..utils.files import atomic_write
from ..utils.json_content import parse_json

_MARK = re.compile(r"<!-- report of (.*) -->\s*\Z")


def write_report(path: str | os.PathLike[str], page: str, subject: list[str]) -> None:
    r"""Write a page with its subject in a comment at the end; an earlier report is replaced atomically.

    Args:
        path: The file to write.
        page: The page.
        subject: Identity of the data that the page reports about, such as the paths of the runs.

    Raises:
        ValueError: As :func:`check_report_file`.
        OSError: If the file cannot be written; an earlier file is then unchanged.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_report(f"{folder}/report.html", "<html></html>", ["run a"])
        ...     write_report(f"{folder}/report.html", "<html>new</html>", ["run a"])
        ...     Path(folder, "report.html").read_text()
        '<html>new</html>\n<!-- report of ["run a"] -->\n'
    """
    check_report_file(path, subject)
    # A comment must not contain two hyphens, nor ">".
    text = json.dumps(subject).replace("-", r"\u002d").replace(">", r"\u003e")
    with atomic_write(path) as file:
        file.write(f"{page.rstrip()}\n<!-- report of {text} -->\n")


def check_report_file(path: str | os.PathLike[str], subject: list[str]) -> None:
    """Raise if a file exists that is not a report about the same subject.

    Args:
        path: The file to write.
        subject: As in :func:`write_report`.

    Raises:
        ValueError: If the path does not end with ``.html``, is another file, or cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".html" or path.is_dir():
        raise ValueError(f"The '--out' argument must be the path of an .html file. Got {path} instead.")
    folder = path.absolute().parent
    while not folder.exists():  # it is created later
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ValueError(f"The '--out' argument must be a file that can be written. Got {path} instead.")
    if not path.exists():
        return
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - 65536))
        found = _MARK.search(file.read().decode("utf-8", "replace"))
    if found is None or not _is_about(found[1], subject):
        other = "a report about other data" if found else "a file that is not such a report"
        raise ValueError(
            f"The '--out' argument must be a new file or an earlier report about the same data. Got {path} "
            f"instead, which is {other}. Choose another name with '--out', or remove the file."
        )


def _is_about(mark: str, subject: object) -> bool:
    try:
        return bool(parse_json(mark, "The mark") == subject)
    except ValueError:
        return False
