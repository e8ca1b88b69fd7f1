"""Call of the data set converter in this process."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from tests.tools.run_tool import ROOT


def load_convert() -> ModuleType:
    """Import tools/dataset_converters/convert.py as a module."""
    path = ROOT / "tools" / "dataset_converters" / "convert.py"
    spec = importlib.util.spec_from_file_location("convert", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


convert_module = load_convert()


def convert(*arguments: object) -> None:
    """Run the converter with these command-line arguments."""
    convert_module.main(convert_module.parse_args([*map(str, arguments)]))
