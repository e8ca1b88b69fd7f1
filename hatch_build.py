"""Build hook that copies configs and tools to the folders in which ``mim`` and MMEngine look for them."""

from __future__ import annotations

from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class MimFiles(BuildHookInterface):
    """Build hook that adds copies of configs/, tools/ and model-index.yml to every wheel.

    All of them are copied to ``mmpretrain_imbalance/.mim``, for ``mim train mmpretrain_imbalance NAME``. The
    configs are also copied to ``mmpretrain/.mim/configs/mmpretrain_imbalance``, for ``mim train mmpretrain
    NAME`` and for ``_base_ = 'mmpretrain::mmpretrain_imbalance/...'``. Editable installs contain copies, too:
    install again after a change of a config or tool.
    """

    def initialize(self, version: str, build_data: dict) -> None:
        """Add the files. Each config folder is added separately: hatchling allows one target per source."""
        root = Path(self.root)
        files = {str(root / "model-index.yml"): "mmpretrain_imbalance/.mim/model-index.yml"}
        for folder in ("configs", "tools"):
            files[str(root / folder)] = f"mmpretrain_imbalance/.mim/{folder}"
        for folder in sorted(path for path in (root / "configs").iterdir() if path.is_dir()):
            files[str(folder)] = f"mmpretrain/.mim/configs/mmpretrain_imbalance/{folder.name}"
        build_data["force_include"].update(files)
        if version == "editable":
            build_data["force_include_editable"].update(files)
