"""Save screenshots of the two report pages: `python docs/draw_reports.py` in the clone, with Chromium.

Each page is saved on a wide screen in light colors, and on a phone in dark colors.

On Debian and Ubuntu, `apt-get install chromium` installs it. Two digits configs are trained first, which
takes about a minute on a CPU.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
CONFIGS = ("partial_bce/digits-imbalanced_bce.py", "partial_label_masking/digits-imbalanced_plm.py")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NUM_COLORS = 200
WIDE, PHONE = 1100, 390  # widths of the screens in pixels
DARK = "--blink-settings=preferredColorScheme=0"


def run_tool(tool: str, *arguments: object) -> None:
    """Run a tool of the clone, and raise if it fails."""
    subprocess.run([sys.executable, str(ROOT / "tools" / tool), *map(str, arguments)], cwd=ROOT, check=True)


def save_screenshot(browser: str, page: Path, picture: str, width: int, height: int, *options: str) -> None:
    """Save the top of a page as a PNG file with a reduced palette."""
    shot, out = page.with_suffix(".png"), IMAGES / picture
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *options]
    command += [f"--window-size={width},{height}", f"--screenshot={shot}", page.as_uri()]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    image = Image.open(shot).convert("RGB")
    # This method keeps the colors of small symbols.
    image = image.quantize(NUM_COLORS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    image.save(out, optimize=True)
    print(f"{out.relative_to(ROOT)}: {out.stat().st_size / 1000:.0f} kB")


def without(page: Path, parts: str) -> Path:
    """Write a copy of a page without the parts that a CSS selector names, and return its path."""
    copy = page.with_stem(f"{page.stem}_shortened")
    copy.write_text(page.read_text().replace("</style>", f"{parts}{{display:none}}</style>"))
    return copy


def main() -> None:
    """Train two runs, write the report pages, and save the screenshots."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"docs/draw_reports.py requires one of {', '.join(BROWSERS)} on the PATH. Got none instead.")
    with tempfile.TemporaryDirectory() as folder:
        runs = [Path(folder) / Path(config).stem for config in CONFIGS]
        for config, run in zip(CONFIGS, runs):
            run_tool("train.py", f"configs/{config}", "--work-dir", run)
        page = Path(folder) / "run_report.html"
        run_tool("analysis_tools/report.py", *runs, "--out", page)
        save_screenshot(browser, page, "run_report.png", WIDE, 1500)
        save_screenshot(browser, without(page, "#runs,.stack"), "run_report_phone.png", PHONE, 1300, DARK)
        page = Path(folder) / "label_report.html"
        run_tool("analysis_tools/label_report.py", "configs/_base_/datasets/digits_rps50.py", "--out", page)
        save_screenshot(browser, page, "label_report.png", WIDE, 1380)
        save_screenshot(browser, without(page, ".facts,#advice"), "label_report_phone.png", PHONE, 1300, DARK)


if __name__ == "__main__":
    main()
