"""Kill commands of users, fill the disk and damage files, at random places, and check what is promised.

Example:
    python tests/faults/campaign.py --kills 1000 --files 100000 --page docs/reliability.md

Exit status: 0 if every law holds after every case, else 1.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def parse_args(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=1000, help="number of kills and full disks")
    parser.add_argument("--files", type=int, default=100_000, help="number of damaged files")
    parser.add_argument("--seed", type=int, help="seed of all draws (default: drawn and printed)")
    parser.add_argument("--jobs", type=int, default=1, help="number of processes for the kills")
    parser.add_argument("--page", type=Path, help="Markdown page whose tables are replaced")
    parser.add_argument(
        "--case",
        nargs="+",
        metavar=("SCENARIO", "FAULT"),
        help="only this case, such as 'train kill@30 cut@12+500', and keep its files",
    )
    return parser.parse_args(arguments)


def main(args: argparse.Namespace) -> int:
    """Run the campaign or one case, and return the exit status."""
    if args.case:
        from tests.faults import kills
        from tests.faults.disk_changes import Fault

        name, *faults = args.case
        folder = Path(tempfile.mkdtemp(prefix="faults_"))
        prepared = kills.prepare(kills.SCENARIOS[name], folder)
        reason = kills.broken_law(prepared, [Fault.parse(fault) for fault in faults], folder / "run")
        print(f"{'Every law holds.' if reason is None else reason}\nFiles: {folder}")
        return int(reason is not None)
    seed = int.from_bytes(os.urandom(4), "little") if args.seed is None else args.seed
    print(f"Seed: {seed}", flush=True)
    sections = []
    with tempfile.TemporaryDirectory(prefix="faults_") as temporary:
        folder, start = Path(temporary), time.monotonic()

        def report(line: str) -> None:
            print(f"{time.monotonic() - start:6.0f} s  {line}", flush=True)

        if args.kills:
            from tests.faults import kills

            (folder / "kills").mkdir()
            sections.append(("kills", kills.campaign(args.kills, seed, folder / "kills", report, args.jobs)))
        if args.files:
            damaged_files = importlib.import_module("tests.faults.damaged_files")
            (folder / "files").mkdir()
            sections.append(("files", damaged_files.campaign(args.files, seed, folder / "files", report)))
    from tests.faults.rows import table

    command = f"python tests/faults/campaign.py --kills {args.kills} --files {args.files} --seed {seed}"
    text = f"`{command}`: {versions()}\n\n" + "\n".join(table(unit, rows) for unit, rows in sections)
    print(text)
    failures = [failure for _, rows in sections for row in rows for failure in row.failures]
    for failure in failures:
        print(f"FAILED: {failure}")
    if args.page:
        page = args.page.read_text(encoding="utf-8")
        args.page.write_text(replaced(page, stack(), text), encoding="utf-8")
    return int(bool(failures))


def stack() -> str:
    """Return the name of the installed stack, as in the Makefile."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        version("onedl-mmengine")
    except PackageNotFoundError:
        return "openmmlab"
    return "onedl"


def versions() -> str:
    """Describe the installed packages and the machine in one sentence."""
    from importlib.metadata import version

    prefix = "onedl-" if stack() == "onedl" else ""
    names = [f"{prefix}mmengine", f"{prefix}mmpretrain", "torch", "numpy"]
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    return f"Python {platform.python_version()}, {packages}, {platform.system()} {platform.machine()}."


def replaced(page: str, name: str, text: str) -> str:
    """Replace the text between the marks of a stack in a page.

    Args:
        page: Text of the page.
        name: Name of the stack.
        text: The new text.

    Returns:
        The new page.

    Raises:
        ValueError: If the page has no such marks, or several.
    """
    pattern = re.compile(rf"(<!-- faults {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    page, number = pattern.subn(lambda marks: f"{marks[1]}{text}{marks[2]}", page)
    if number != 1:
        raise ValueError(
            f"The page must have the marks '<!-- faults {name} -->' and '<!-- end -->' once. Got them "
            f"{number} times instead."
        )
    return page


if __name__ == "__main__":
    ARGS = parse_args()
    # Before torch is imported, for every process of the campaign.
    os.environ.update(OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="", PYTHONPATH=str(ROOT))
    sys.path[0] = str(ROOT)
    sys.exit(main(ARGS))
