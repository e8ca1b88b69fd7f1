"""Commit of the clone that a command belongs to."""

from __future__ import annotations

import subprocess
from pathlib import Path

_CODE = ("configs", "mmpretrain_imbalance", "tools")


def commit_of(root: Path) -> str | None:
    """Return the short name of the commit of a clone; '+' after it says that its code has changes.

    Args:
        root: Root of the clone.

    Returns:
        The name; None if the folder is not the root of a clone, or git is missing.
    """
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "--short=9", "HEAD")
        return commit + ("+" if _git(root, "status", "--porcelain", "--", *_CODE) else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()
