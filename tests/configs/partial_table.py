"""Config without a hook of this package: a CSV table of partial labels, and MMPretrain's head and loss."""

from __future__ import annotations

import re
from pathlib import Path

from mmengine.config import Config

from tests.conftest import TINY_CLASSES

BCE = dict(type="CrossEntropyLoss", use_sigmoid=True)
_ADVICE = re.compile(
    r"Set (?P<setting>model\.[\w.]+)=(?P<loss>dict\(.+\)) \(with _delete_=True in a config that inherits "
    r"another loss\)(, and custom_hooks=(?P<hooks>\[.+?\]))?\. "
)


def table_config(
    tiny_config: Path, work_dir: Path, loss: dict = BCE, blanks: bool = True, **preprocessor
) -> Config:
    """Return the config of a run of two epochs of two steps; ``blanks`` leaves a third of the cells blank."""
    folder = tiny_config.parent
    table = [["image", *TINY_CLASSES]]
    for index in range(16):
        cells = ["1" if (index + shift) % 2 else "0" for shift in range(3)]
        if blanks:
            cells[index % 3] = ""
        table.append([f"{index}.png", *cells])
    path = folder / f"blanks_{blanks}.csv"
    path.write_text("\n".join(map(",".join, table)) + "\n")

    cfg = Config.fromfile(tiny_config)
    cfg.custom_imports = dict(imports=["mmpretrain_imbalance"], allow_failed_imports=False)
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = f"{work_dir.parent.name}_{work_dir.name}"
    cfg.log_level = "ERROR"
    cfg.default_hooks.checkpoint = None
    cfg.model.head.loss = loss
    dataset = dict(type="PartialLabelDataset", data_root=str(folder), ann_file=path.name, data_prefix="")
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        loader.dataset = dict(dataset, pipeline=loader.dataset.pipeline)
    cfg.model.data_preprocessor = dict(
        type="PartialLabelDataPreprocessor", mean=[127.5], std=[127.5], num_classes=3, **preprocessor
    )
    return cfg


def follow_advice(cfg: Config, message: str) -> Config:
    """Return the config with the settings that an error message names."""
    advice = _ADVICE.search(message)
    changed = Config(cfg.to_dict())
    changed.experiment_name += "_changed"
    *parents, name = advice["setting"].split(".")
    parent = changed
    for key in parents:
        parent = parent[key]
    parent[name] = eval(advice["loss"])
    if advice["hooks"]:
        changed.custom_hooks = eval(advice["hooks"])
    return changed
