"""Variables are set inside and restored after, also after an error."""

import os

import pytest

from mmpretrain_imbalance.utils.environment import environment_variables


def read_and_stop():
    with environment_variables({"CHANGED": "1", "REMOVED": None, "ADDED": "2"}):
        assert (os.environ["CHANGED"], os.environ.get("REMOVED"), os.environ["ADDED"]) == ("1", None, "2")
        raise KeyError("stop")


def test_variables_are_restored_after_an_error(monkeypatch):
    monkeypatch.setenv("CHANGED", "before")
    monkeypatch.setenv("REMOVED", "before")
    monkeypatch.delenv("ADDED", raising=False)
    with pytest.raises(KeyError, match="stop"):
        read_and_stop()
    assert (os.environ["CHANGED"], os.environ["REMOVED"]) == ("before", "before")
    assert "ADDED" not in os.environ
