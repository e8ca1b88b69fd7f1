"""Evaluate a checkpoint on the test data of a config."""

from __future__ import annotations

import argparse
import json
import math
from copy import deepcopy
from pathlib import Path

from _lib.command_options import check_one_checkpoint, common_parser
from _lib.quiet_import import import_mmpretrain

# File name extensions for each item. Predictions are tensors, so they need pickle.
_EXTENSIONS = {"metrics": (".json", ".yaml", ".yml", ".pkl", ".pickle"), "pred": (".pkl", ".pickle")}


def parse_args() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line. All options of MMPretrain's script exist under the same names."""
    parser = common_parser(__doc__)
    parser.add_argument("checkpoint", help="path of the checkpoint file")
    parser.add_argument("--out", help="output file, for example results.pkl or metrics.json")
    parser.add_argument(
        "--out-item",
        choices=["metrics", "pred"],
        help="content of --out: metrics or predictions (default: pred)",
    )
    parser.add_argument("--show-dir", help="folder for images with their predictions")
    parser.add_argument("--show", action="store_true", help="show the predictions in a window")
    parser.add_argument(
        "--interval", type=int, default=1, help="show or save only every INTERVAL-th sample (default: 1)"
    )
    parser.add_argument(
        "--wait-time", type=float, default=2, help="display time of each window in seconds (default: 2)"
    )
    parser.add_argument(
        "--tta",
        action="store_true",
        help="test-time augmentation: tta_pipeline of the config, else the mean over the image and its "
        "mirror image",
    )
    check_one_checkpoint(parser)
    args = parser.parse_args()
    if args.out_item and not args.out:
        parser.error(
            f"The '--out-item' argument must come with '--out'. Got {args.out_item!r} without it instead."
        )
    item = args.out_item or "pred"
    if args.out and Path(args.out).suffix not in _EXTENSIONS[item]:
        parser.error(
            f"The '--out' argument must end in {', '.join(_EXTENSIONS[item])} for --out-item {item}"
            f"{'' if args.out_item else ' (the default)'}. Got {args.out!r} instead."
        )
    return parser, args


if __name__ == "__main__":
    PARSER, ARGS = parse_args()  # before the slow imports
import_mmpretrain()

import mmengine
from _lib.chosen_thresholds_hook import ChosenThresholdsHook
from _lib.command_line import (
    build_runner,
    check_folder,
    checkpoint_file,
    override,
    read_config,
    set_dataloader_defaults,
)
from _lib.empty_data import check_data
from _lib.input_errors import explain_input_errors
from mmengine.config import Config, ConfigDict
from mmengine.dist import is_main_process
from mmengine.evaluator import DumpResults

from mmpretrain_imbalance.utils.files import atomic_write


def apply_options(parser: argparse.ArgumentParser, cfg: Config, args: argparse.Namespace) -> None:
    """Apply the options to the config.

    Args:
        parser: Parser of the command line, which reports errors.
        cfg: The config, changed in place.
        args: The parsed options.
    """
    if cfg.get("test_dataloader") is None:
        parser.error(
            "The 'config' argument must be a config with test_dataloader. Got one without test_dataloader "
            "instead."
        )
    if args.amp:
        cfg.test_cfg.fp16 = True
    if args.show or args.show_dir:
        hook = cfg.get("default_hooks", {}).get("visualization")
        if hook is None:
            parser.error(
                "The '--show' and '--show-dir' options must come with default_hooks.visualization in the "
                "config. Got a config without it instead."
            )
        hook.update(
            enable=True,
            show=args.show,
            out_dir=args.show_dir,
            interval=args.interval,
            wait_time=args.wait_time,
        )
    if args.tta:
        use_test_time_augmentation(parser, cfg)
    cfg.load_from = checkpoint_file(parser, args.checkpoint)


def use_test_time_augmentation(parser: argparse.ArgumentParser, cfg: Config) -> None:
    """Use ``tta_model`` and ``tta_pipeline`` of the config; without them, average over horizontal flips.

    Args:
        parser: Parser of the command line, which reports errors.
        cfg: The config, changed in place.
    """
    dataset = cfg.test_dataloader.dataset
    while dataset.get("pipeline") is None and dataset.get("dataset") is not None:
        dataset = dataset.dataset  # a wrapper, such as SimulatePartialLabels
    if dataset.get("pipeline") is None:
        parser.error(
            "The '--tta' option must come with a pipeline in test_dataloader.dataset. Got none in "
            f"{dataset.type} instead."
        )
    if "tta_pipeline" in cfg:
        pipeline = cfg.tta_pipeline
    else:
        *steps, pack = deepcopy(dataset.pipeline)
        flips = [dict(type="RandomFlip", prob=0.0), dict(type="RandomFlip", prob=1.0)]
        pipeline = [*steps, dict(type="TestTimeAug", transforms=[flips, [pack]])]
    dataset.pipeline = pipeline
    cfg.model = ConfigDict(cfg.get("tta_model", dict(type="mmpretrain.AverageClsScoreTTA")), module=cfg.model)


def write_metrics(metrics: dict, out: str) -> None:
    """Write the metrics to a file. If writing a JSON file fails, no incomplete file remains.

    Args:
        metrics: Numbers, lists or arrays by name.
        out: Path of the file. JSON has no NaN and no infinity, so they become ``null`` there.

    Raises:
        OSError: If the file cannot be written.
    """
    if not out.endswith(".json"):
        mmengine.dump(metrics, out)
        return
    with atomic_write(out) as file:
        json.dump(_finite(metrics), file)


def _finite(value):
    value = value.tolist() if hasattr(value, "tolist") else value  # numpy or torch
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def main(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Evaluate the checkpoint, and write the requested results."""
    cfg = read_config(parser, args)
    apply_options(parser, cfg, args)
    override(parser, cfg, args.cfg_options)
    set_dataloader_defaults(cfg, "test_dataloader", not args.no_pin_memory)
    check_folder(parser, Path(cfg.work_dir))
    with explain_input_errors(parser, args.traceback, cfg):
        runner = build_runner(parser, cfg)
        check_data(runner, "test_dataloader")
        if args.out and args.out_item != "metrics":
            runner.test_evaluator.metrics.append(DumpResults(out_file_path=args.out))
        chosen = ChosenThresholdsHook(args.checkpoint)
        runner.register_hook(chosen)
        metrics = runner.test()
    if chosen.source is not None and is_main_process():
        print(chosen.sentence(metrics))
    if args.out_item == "metrics" and is_main_process():
        try:
            write_metrics(metrics, args.out)
        except OSError as error:
            parser.exit(1, f"The metrics could not be written to {args.out}: {error.strerror or error}.\n")


if __name__ == "__main__":
    main(PARSER, ARGS)
