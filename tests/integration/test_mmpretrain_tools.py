"""MMPretrain's hook and scripts that read ground truth and predictions of our samples."""

from __future__ import annotations

from pathlib import Path

import matplotlib.axes
import mmengine
import pytest
import torch
from mmengine.evaluator import DumpResults
from mmengine.runner import Runner

from mmpretrain_imbalance.metrics import PartialLabelMetric
from tests.integration.small_runs import small_config


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Runner, list[str], Path]:
    """Evaluated run whose labels are partly unknown, the texts in its pictures, and its folder."""
    folder = tmp_path_factory.mktemp("run")
    cfg = small_config(folder / "work")
    dataset = cfg.val_dataloader.dataset
    cfg.val_dataloader.dataset = dict(
        type="SimulatePartialLabels", dataset=dataset, protocol="known_label_ratio", known_label_ratio=0.5
    )
    cfg.default_hooks.visualization = dict(
        type="VisualizationHook", enable=True, interval=10, out_dir=str(folder / "pictures")
    )
    texts: list[str] = []
    original = matplotlib.axes.Axes.text

    def text(self, x: float, y: float, content: str, *args, **kwargs):
        texts.append(content)
        return original(self, x, y, content, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matplotlib.axes.Axes, "text", text)
        runner = Runner.from_cfg(cfg)
        runner.val_evaluator.metrics.append(DumpResults(str(folder / "results.pkl")))
        runner.val()
    return runner, texts, folder


def positives_of(runner: Runner, index: int) -> list[int]:
    row = runner.val_dataloader.dataset.get_gt_labels()[index]
    return [c for c, label in enumerate(row) if label == 1]


def test_visualization_hook_draws_the_known_positives(evaluated) -> None:
    runner, texts, folder = evaluated
    assert {path.name for path in (folder / "pictures").iterdir()} == {f"{i}_0.png" for i in (0, 10, 20, 30)}
    drawn = [text for text in texts if text.startswith("Ground truth")]
    assert len(drawn) == 4
    for index, text in zip((0, 10, 20, 30), drawn):
        truth = text.partition("Prediction")[0].removeprefix("Ground truth:")
        assert [int(line.split()[0]) for line in truth.split("\n") if line.strip()] == positives_of(
            runner, index
        )


def test_written_results_have_all_labels_and_the_known_positives(evaluated) -> None:
    runner, _, folder = evaluated
    results = mmengine.load(folder / "results.pkl")
    labels = torch.from_numpy(runner.val_dataloader.dataset.get_gt_labels())
    assert (labels == -1).any()
    for index, result in enumerate(results):
        assert result["sample_idx"] == index
        torch.testing.assert_close(result["gt_score"], labels[index].float())
        assert result["gt_label"].tolist() == positives_of(runner, index)


def test_our_metric_reads_unknown_labels_from_written_results(evaluated) -> None:
    """It must not take gt_label, in which unknown classes look negative."""
    _, _, folder = evaluated
    results = mmengine.load(folder / "results.pkl")
    found, without = PartialLabelMetric(), PartialLabelMetric()
    found.process(None, results)
    without.process(None, [{**result, "gt_label": torch.tensor([], dtype=torch.long)} for result in results])
    assert found.evaluate(len(results)) == without.evaluate(len(results))
