"""File names of images in tables: recognition of the column, separators, addresses."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

_ENDING = re.compile(r"\.(jpe?g|jfif|png|bmp|tiff?|webp|gif|ppm|pgm|pbm|jp2|dcm|heic)\s*$", re.IGNORECASE)
#: Names of columns that likely hold file names of images.
IMAGE_COLUMN = re.compile(
    r"image|img|photo|picture|file|path|slide|scan|frame|\bpic\b|bild|foto", re.IGNORECASE
)
#: Names of columns that likely identify the rows.
KEY_COLUMN = re.compile(r"^(name|id|uid|uuid|key|sample|sample_?id|item|case)$", re.IGNORECASE)
_UPLOAD = re.compile(r"^/?data/upload/+(?:\d+/+)?")
_PREFIX = re.compile(r"(^|/)[0-9a-f]{8}-(?=[^/]+$)")


def has_image_ending(text: object) -> bool:
    """Return whether a cell ends like the file name of an image.

    Example:
        >>> has_image_ending('photos/a.JPG'), has_image_ending('a.txt')
        (True, False)
    """
    return isinstance(text, str) and bool(_ENDING.search(text))


def with_slashes(name: str) -> str:
    r"""Return a file name without surrounding spaces, and with ``/`` where Windows writes a backslash.

    Example:
        >>> with_slashes(r'..\photos\a.jpg ')
        '../photos/a.jpg'
    """
    return name.strip().replace("\\", "/")


def name_of_address(address: str, keep_upload_prefix: bool = False) -> str:
    r"""Return the file name of an image that an annotation tool names by an address.

    Args:
        address: A path or URL. Label Studio writes ``/data/upload/3/1b2c3d4e-a.jpg`` for an uploaded
            ``a.jpg``, with a backslash on Windows, and ``/data/local-files/?d=photos/a.jpg`` for a file of
            the machine.
        keep_upload_prefix: Whether to keep the 8 characters before the name of an uploaded file.

    Returns:
        The path below the host, bucket or upload folder, with ``/``.

    Example:
        >>> name_of_address('/data/upload/3/1b2c3d4e-a%20b.jpg')
        'a b.jpg'
        >>> name_of_address(r'/data/upload/3\1b2c3d4e-a.jpg')
        'a.jpg'
        >>> name_of_address('/data/local-files/?d=photos/a.jpg'), name_of_address('s3://bucket/photos/a.jpg')
        ('photos/a.jpg', 'photos/a.jpg')
    """
    address = with_slashes(address)
    if "/data/local-files/" in address and "d=" in address:
        return with_slashes(parse_qs(urlsplit(address).query).get("d", [address])[0])
    if re.match(r"[a-z][a-z0-9+.-]+://", address, re.IGNORECASE):
        address = unquote(urlsplit(address).path.lstrip("/"))
    elif _UPLOAD.match(address):
        address = unquote(address)
    if _UPLOAD.match(address):
        address = _UPLOAD.sub("", address)
        if not keep_upload_prefix:
            address = _PREFIX.sub(r"\1", address)
    return with_slashes(address)  # an address may contain %5C
