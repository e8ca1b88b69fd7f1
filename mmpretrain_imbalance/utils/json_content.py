"""Parsing of JSON from files of any origin."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def parse_json(
    content: str | bytes,
    subject: str,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
) -> Any:
    """Parse JSON; whatever a damaged or hostile text does, the error is a sentence about the file.

    Args:
        content: The text, or its bytes in UTF-8, with or without a byte-order mark.
        subject: What the content is, such as ``'The annotation file train.json'``, for error messages.
        object_pairs_hook: As in ``json.loads``.

    Returns:
        The parsed values.

    Raises:
        ValueError: If the content is not JSON, is nested too deeply, or has a number of thousands of digits.

    Example:
        >>> parse_json('{"cat": 1', 'The file a.json')
        Traceback (most recent call last):
        ...
        ValueError: The file a.json must be complete JSON. Got an error at line 1, column 10 instead: \
Expecting ',' delimiter. The file may be truncated.
    """
    try:
        if isinstance(content, bytes):
            # json.loads would accept surrogates, which cannot be written to a file again.
            content = content.decode(json.detect_encoding(content))
        return json.loads(content, object_pairs_hook=object_pairs_hook)
    except UnicodeDecodeError as error:
        problem = f"JSON in UTF-8. Got other bytes instead: {error}."
    except json.JSONDecodeError as error:
        problem = (
            f"complete JSON. Got an error at line {error.lineno}, column {error.colno} instead: {error.msg}. "
            "The file may be truncated."
        )
    except RecursionError:
        problem = "JSON with a few nested levels. Got lists or objects that are nested too deeply instead."
    except ValueError:  # Python's limit of digits
        problem = "JSON with numbers of at most 4,300 digits. Got a longer one instead."
    raise ValueError(f"{subject} must be {problem}")
