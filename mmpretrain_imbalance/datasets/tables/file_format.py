"""Format of a table, recognized by its content and not by the ending of its name."""

from __future__ import annotations

import os
import zipfile
import zlib

from ...utils.found_values import shown

_PICKLE_ENDINGS = (".pkl", ".pickle", ".p")
_DAMAGED_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    UnicodeDecodeError,
)
_PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))  # first bytes


def recognize_format(path: str) -> str:
    """Return the format of a file or folder.

    Args:
        path: The file or folder.

    Returns:
        ``'text'``, ``'xlsx'``, ``'ods'``, ``'parquet'``, ``'json'``, ``'xml'``, ``'zip'`` (an archive with an
        XML file, as CVAT exports it) or ``'folder'``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the format cannot be read. The message names one that can.
    """
    if os.path.isdir(path):
        return "folder"
    if not os.path.isfile(path):
        raise FileNotFoundError(f"The table must be an existing file. Got {path} instead.")
    try:
        with open(path, "rb") as file:
            start = file.read(4096)
            file.seek(max(0, os.path.getsize(path) - 64))
            end = file.read()
    except OSError as error:
        raise ValueError(f"The table {path} must be readable. Got {error.strerror} instead.") from None
    if not start.strip(b"\0 \t\r\n"):
        raise ValueError(
            f"The table {path} must have a header and one row per image. Got an empty file instead."
        )
    if path.lower().endswith(_PICKLE_ENDINGS) or start[:2] in _PICKLES:
        raise _rejected(
            path,
            "a pickle, which runs the code that it contains when it is loaded,",
            "If you trust it, load it with pandas and save it with DataFrame.to_csv or to_parquet.",
        )
    if start[:4] == b"PK\x03\x04":
        return _archive_format(path)
    if start[:4] == b"PAR1":
        if end[-4:] != b"PAR1":
            raise _rejected(path, "a Parquet file without its end: it is truncated", "Copy it again.")
        return "parquet"
    if start[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return _old_office_format(path)
    _reject_other_files(path, start)
    text = start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if text[:1] in (b"{", b"["):
        return "json"
    return "xml" if text[:1] == b"<" else "text"


def _archive_format(path: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if any(name.startswith("xl/") for name in names):
                return "xlsx"
            if "mimetype" in names and b"opendocument.spreadsheet" in archive.read("mimetype"):
                if b"encryption-data" in archive.read("META-INF/manifest.xml"):
                    raise _rejected(path, "a password-protected sheet", "Save it without a password.")
                return "ods"
    except _DAMAGED_ARCHIVE as error:
        raise _rejected(
            path,
            f"a spreadsheet or archive that is damaged or truncated ({shown(str(error))})",
            "Copy or save it again.",
        ) from None
    except RuntimeError:
        raise _rejected(path, "an archive with a password", "Unpack it first.") from None
    if sum(name.lower().endswith(".xml") for name in names) == 1:
        return "zip"
    raise _rejected(path, f"an archive with {len(names)} files", "Unpack it, and name the table in it.")


def _old_office_format(path: str) -> str:
    with open(path, "rb") as file:
        content = file.read()
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise _rejected(
            path, "a password-protected workbook", "Save it without a password, as .xlsx or .csv."
        )
    raise _rejected(path, "a workbook of Excel 97 to 2003 (.xls)", "Save it as .xlsx or .csv.")


def _reject_other_files(path: str, start: bytes) -> None:
    known = {
        b"\x1f\x8b": ("a gzip file", "Unpack it with gunzip."),
        b"BZh": ("a bzip2 file", "Unpack it with bunzip2."),
        b"\xfd7zXZ": ("an xz file", "Unpack it with unxz."),
        b"(\xb5/\xfd": ("a zstd file", "Unpack it with unzstd."),
        b"Rar!": ("a rar archive", "Unpack it."),
        b"7z\xbc\xaf": ("a 7z archive", "Unpack it."),
        b"%PDF": ("a PDF", "Save the table as .csv or .xlsx."),
        b"\xff\xd8\xff": ("an image", "Name the table with the labels."),
        b"\x89PNG": ("an image", "Name the table with the labels."),
        b"\x93NUMPY": ("a NumPy array, which has no file names", "Save a table as .csv or .parquet."),
        b"SQLite format 3": ("an SQLite data base", "Export the table as .csv."),
        b"ARROW1": ("an Arrow or Feather file", "Save it with DataFrame.to_parquet."),
        b"\x89HDF": ("an HDF5 file", "Save the table as .csv or .parquet."),
    }
    for magic, (found, remedy) in known.items():
        if start.startswith(magic):
            raise _rejected(path, found, remedy)
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if head.startswith((b"<html", b"<!doctype html", b"<table")):
        raise _rejected(path, "an HTML page", "Open it in a spreadsheet program and save it as .xlsx.")
    if head.startswith(b"{\\rtf"):
        raise _rejected(path, "a text document (RTF)", "Save the table as .csv or .xlsx.")


def _rejected(path: str, found: str, remedy: str) -> ValueError:
    return ValueError(
        f"The table {path} must be .csv, .tsv, .xlsx, .ods, .parquet, an export of Label Studio (JSON) or "
        f"CVAT (XML), or a folder of a Hugging Face dataset. Got {found} instead. {remedy}"
    )
