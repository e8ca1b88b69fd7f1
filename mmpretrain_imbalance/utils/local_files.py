"""Files that names in a table may mean: regular files of this machine, in the folder that the user gave."""

from __future__ import annotations

import errno
import os
import stat


def leaves_folder(name: str, folder: str) -> bool:
    """Return whether a name may mean a file outside of a folder: by its text, without a look at the disk.

    Links are not followed: who arranged the folder may put links into it.

    Args:
        name: Name of a file, relative to the folder or absolute.
        folder: The folder, or an address such as ``s3://bucket/images``; empty for the current folder.

    Returns:
        True for an address, an absolute path to another place, and a path with ``..``.

    Example:
        >>> [leaves_folder(name, '/data') for name in ('a.jpg', '/data/a.jpg', '/home/a.jpg', 'x/../a.jpg')]
        [False, False, True, True]
    """
    if "://" in name or (".." in name and ".." in name.replace("\\", "/").split("/")):
        return True
    if not os.path.isabs(name):
        return False
    return "://" in folder or not os.path.normpath(name).startswith(os.path.join(os.path.abspath(folder), ""))


def check_regular_file(path: str | os.PathLike[str]) -> None:
    """Raise if a path exists and is neither a regular file nor a folder.

    A pipe would block its reader, and a device such as ``/dev/zero`` would fill the memory.

    Args:
        path: The path. A path that does not exist is accepted: opening it raises.

    Raises:
        OSError: If the path is an address, a pipe, a device or a socket, or has a NUL character.
    """
    text = os.fspath(path)
    if "://" in text:
        raise OSError(errno.EINVAL, "an address, although the config names no storage backend", text)
    try:
        mode = os.stat(text).st_mode
    except ValueError:
        raise OSError(errno.EINVAL, "a name that no file can have", text) from None
    except OSError:
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "not a regular file", text)


def read_regular_file(path: str | os.PathLike[str]) -> bytes:
    """Read a whole file, but never a pipe or a device.

    Args:
        path: The file.

    Returns:
        Its content.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If it cannot be read, or as in :func:`check_regular_file`.
    """
    check_regular_file(path)
    with open(path, "rb") as file:
        return file.read()
