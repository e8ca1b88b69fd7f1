"""JSON of any origin: its values, or one sentence about the file."""

from __future__ import annotations

import json

import pytest

from mmpretrain_imbalance.utils.json_content import parse_json


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_values_are_those_of_the_standard_library(encoding):
    text = json.dumps({"cat": [1, -2.5, None, True, "\u00e9"]}, ensure_ascii=False)
    assert parse_json(text.encode(encoding), "The file") == json.loads(text)
    assert parse_json(text, "The file", lambda pairs: pairs) == list(json.loads(text).items())


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "be complete JSON. Got an error at line 1, column 1 instead: Expecting value."),
        ('{"a":\n 1', "be complete JSON. Got an error at line 2, column 3 instead: Expecting ',' delimiter."),
        (b'"\xff"', "be JSON in UTF-8. Got other bytes instead: 'utf-8' codec"),
        (b'"\xed\xa0\x80"', "be JSON in UTF-8. Got other bytes instead: 'utf-8' codec"),  # a surrogate
        ("[" * 10**5, "be JSON with a few nested levels. Got lists or objects that are nested too"),
        ('{"a":' * 10**5, "be JSON with a few nested levels. Got lists or objects that are nested too"),
        ("[1, " + "9" * 5000 + "]", "be JSON with numbers of at most 4,300 digits. Got a longer one"),
    ],
)
def test_whatever_is_wrong_is_one_sentence_about_the_file(content, problem):
    with pytest.raises(ValueError, match=r"^The file a.json must ") as caught:
        parse_json(content, "The file a.json")
    assert problem in str(caught.value)
    assert type(caught.value) is ValueError
