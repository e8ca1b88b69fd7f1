"""`mim train` with a config path or a config name, for MMPretrain and for this package."""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.tools.run_tool import run_tool

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "configs" / "partial_bce" / "digits-rps50_ignore.py"
SMALL = [
    "--cfg-options",
    "train_cfg.max_epochs=1",
    "train_dataloader.dataset.dataset.num_images=64",
    "val_dataloader.dataset.num_images=32",
    "test_dataloader.dataset.num_images=32",
    "default_hooks.checkpoint.interval=1",
]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _mim_is_installed() -> None:
    if importlib.util.find_spec("mim") is None:
        pytest.fail("mim is not installed. `make test` installs it without its outdated version limits.")


@pytest.fixture(scope="module")
def python_with_wheel(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of an environment with our wheel and, apart from that, the packages of this environment."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    python = folder / "bin" / "python"
    site_packages = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    ).strip()
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", site_packages, wheel],
        check=True,
    )
    Path(site_packages, "everything_else.pth").write_text(sysconfig.get_path("purelib"))
    # In a normal install, our configs are next to MMPretrain's tools, which one version of mim starts.
    mmpretrain_folder = importlib.util.find_spec("mmpretrain").submodule_search_locations[0]
    Path(site_packages, "mmpretrain", ".mim", "tools").symlink_to(Path(mmpretrain_folder, ".mim", "tools"))
    return python


def mim_train(python: Path, package: str, config: str | Path, work_dir: Path, cwd: Path) -> None:
    """Train one epoch, and check that the work folder contains its checkpoint."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-m", "mim", "train", package, str(config), "--work-dir", str(work_dir), *SMALL],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    assert (work_dir / "epoch_1.pth").is_file(), done.stdout


def test_config_path_for_mmpretrain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands that mim starts run in forks; the test of our package below starts all of them anew."""
    module = importlib.import_module("mim.commands.train")
    started = []

    def run(command: list[str], **_: Any) -> bytes:
        started.append(command)
        return run_tool(*command[1:], cwd=ROOT).encode()

    forks = SimpleNamespace(check_output=run, check_call=lambda *words, **_: 0 * len(run(*words)))
    monkeypatch.setattr(module, "subprocess", forks)
    monkeypatch.chdir(ROOT)
    options = ("--work-dir", str(tmp_path), *SMALL)
    done, message = module.train("mmpretrain", str(CONFIG.relative_to(ROOT)), gpus=0, other_args=options)
    assert done, message
    assert [command[0] for command in started] == [sys.executable] * 2
    assert (tmp_path / "epoch_1.pth").is_file()


@pytest.mark.long
def test_config_name_for_mmpretrain(tmp_path: Path) -> None:
    mim_train(Path(sys.executable), "mmpretrain", CONFIG.name, tmp_path, cwd=tmp_path)


def test_config_name_for_our_package(python_with_wheel: Path, tmp_path: Path) -> None:
    mim_train(python_with_wheel, "mmpretrain_imbalance", CONFIG.name, tmp_path, cwd=tmp_path)
