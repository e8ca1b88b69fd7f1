"""The converter of data sets, run in this process."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from tests.tools.run_tool import ROOT


def load_convert() -> ModuleType:
    """tools/dataset_converters/convert.py as a module."""
    path = ROOT / "tools" / "dataset_converters" / "convert.py"
    spec = importlib.util.spec_from_file_location("convert", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


convert_module = load_convert()


def convert(*arguments: object) -> None:
    """What the command line does with these arguments."""
    convert_module.main(convert_module.parse_args([*map(str, arguments)]))
