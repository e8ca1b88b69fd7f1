"""Estimated class prior: mean prediction over the training images, each counted once."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import RepeatDataset
from scipy.stats import spearmanr

from mmpretrain_imbalance.apis.estimate_class_prior import (
    build_training_set,
    estimate_class_prior,
    spearman_correlation,
)
from mmpretrain_imbalance.apis.trained_model import load_trained_model
from mmpretrain_imbalance.datasets import label_counts
from mmpretrain_imbalance.utils.safe_checkpoints import load_weights_only
from tests.functional.test_estimate_prior import em_in_loops
from tests.integration.small_runs import CONFIGS, small_config
from tests.tools.run_tool import ROOT, run_tool

PLAIN = dict(type="PartialAsymmetricLoss")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return a config file and a checkpoint of a model with random weights."""
    folder = tmp_path_factory.mktemp("prior")
    cfg = small_config(folder / "work_dir", loss=PLAIN)
    cfg.test_dataloader.batch_size = 40  # does not divide 96
    cfg.dump(folder / "config.py")
    torch.manual_seed(0)
    from mmpretrain.registry import MODELS

    model = MODELS.build(cfg.model)
    torch.save({"state_dict": model.state_dict(), "meta": {}}, folder / "weights.pth")
    return folder / "config.py", folder / "weights.pth"


def mean_in_loop(config, weights):
    model = load_trained_model(config, weights).model
    dataset = build_training_set(Config.fromfile(config))
    scores = []
    for index in range(len(dataset)):
        item = dataset[index]
        batch = dict(inputs=[item["inputs"]], data_samples=[item["data_samples"]])
        with torch.no_grad():
            scores.append(model.test_step(batch)[0].pred_score.double().numpy())
    return np.mean(scores, axis=0), dataset


def test_prior_agrees_with_a_loop_over_images(trained):
    expected, dataset = mean_in_loop(*trained)
    progress = []
    estimate = estimate_class_prior(*trained, on_progress=lambda *state: progress.append(state))
    np.testing.assert_allclose(estimate.class_prior, expected, rtol=1e-5)
    assert estimate.num_images == 96
    assert progress == [(40, 96), (80, 96), (96, 96)]
    counts = label_counts(dataset)
    frequency = counts.positives / (counts.positives + counts.negatives)
    np.testing.assert_allclose(estimate.known_frequency, frequency)
    assert estimate.correlations == {"known labels": pytest.approx(spearmanr(expected, frequency)[0])}


def test_a_fixed_number_of_labels_per_class_is_corrected(trained):
    """As EM in loops over all 96 images, and at least the fraction of known positives."""
    cfg = Config.fromfile(trained[0])
    cfg.train_dataloader.dataset = dict(
        type="SimulatePartialLabels",
        protocol="fpc",
        num_labels=5,
        dataset=cfg.train_dataloader.dataset.dataset,
    )
    estimate = estimate_class_prior(cfg, trained[1])
    assert estimate.is_corrected
    counts = label_counts(build_training_set(cfg))
    assert np.median(counts.positives) == np.median(counts.negatives) == 5
    model, dataset = load_trained_model(cfg, trained[1]).model, build_training_set(cfg)
    items = [dataset[index] for index in range(96)]
    batch = dict(inputs=[i["inputs"] for i in items], data_samples=[i["data_samples"] for i in items])
    with torch.no_grad():
        scores = torch.stack([sample.pred_score for sample in model.test_step(batch)]).double().numpy()
    start = (counts.positives + 0.5) / (counts.positives + counts.negatives + 1)
    expected = em_in_loops(np.log(scores / (1 - scores)), start.tolist(), 200)
    assert min(expected) < 5 / 96  # this bound is needed
    expected = np.clip(expected, counts.positives / 96, 1 - counts.negatives / 96)
    np.testing.assert_allclose(estimate.class_prior, expected, atol=5e-3)
    assert not estimate_class_prior(*trained).is_corrected


def test_repeated_images_count_once_and_are_not_augmented(trained):
    cfg = Config.fromfile(trained[0])
    inner = cfg.train_dataloader.dataset
    inner.dataset.pipeline = [dict(type="RandomFlip", prob=0.5), dict(type="PackInputs")]
    cfg.train_dataloader.dataset = dict(
        type="ClassBalancedDataset",
        oversample_thr=0.5,
        dataset=dict(type="RepeatDataset", times=3, dataset=inner),
    )
    estimate = estimate_class_prior(cfg, trained[1])
    assert estimate.num_images == 96
    np.testing.assert_allclose(estimate.class_prior, estimate_class_prior(*trained).class_prior, rtol=1e-6)
    cfg.train_dataloader.dataset = dict(type="ConcatDataset", datasets=[inner, inner])
    np.testing.assert_allclose(
        estimate_class_prior(cfg, trained[1]).class_prior, estimate.class_prior, rtol=1e-6
    )


def test_tool_writes_a_file_and_prints_correlations(trained, tmp_path):
    full = CONFIGS / "partial_bce" / "digits-imbalanced_bce.py"
    text = run_tool(
        ROOT / "tools/estimate_class_prior.py",
        *trained,
        "--out",
        tmp_path / "prior.json",
        "--full-labels",
        full,
    )
    assert "10 classes, estimated from 96 images" in text
    assert "frequencies of the known labels: " in text
    assert "frequencies of the full labels: " in text
    stored = json.loads((tmp_path / "prior.json").read_text())
    assert stored["classes"] == [str(digit) for digit in range(10)]
    np.testing.assert_allclose(stored["class_prior"], estimate_class_prior(*trained).class_prior, rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "prior.txt"], "'--out' argument must end in .json or .csv"),
        (["--full-labels", "nowhere.json"], "'--full-labels' argument must be an existing file"),
    ],
)
def test_tool_reports_invalid_options(trained, options, message):
    with pytest.raises(RuntimeError, match=message):
        run_tool(ROOT / "tools/estimate_class_prior.py", *trained, *options)


def test_class_names_in_another_order_raise(trained, tmp_path):
    names = [str(digit) for digit in range(10)]
    weights = load_weights_only(trained[1])
    torch.save(dict(weights, meta=dict(dataset_meta=dict(classes=names[::-1]))), tmp_path / "swapped.pth")
    message = "classes of train_dataloader must be those of the checkpoint, .* Got '0' as class 0, where"
    with pytest.raises(ValueError, match=message):
        estimate_class_prior(trained[0], tmp_path / "swapped.pth")


def test_repeating_wrapper_may_be_given_as_a_class(trained):
    cfg = Config.fromfile(trained[0])
    inner = cfg.train_dataloader.dataset
    for kind in ("mmengine.RepeatDataset", RepeatDataset):
        cfg.train_dataloader.dataset = dict(type=kind, times=3, dataset=inner)
        assert len(build_training_set(cfg)) == 96


def test_config_without_training_set_raises(trained):
    cfg = Config.fromfile(trained[0])
    cfg.train_dataloader = None
    with pytest.raises(ValueError, match="must have a train_dataloader"):
        estimate_class_prior(cfg, trained[1])


def test_correlation_agrees_with_scipy_and_is_nan_if_undefined():
    generator = np.random.default_rng(0)
    first, second = generator.integers(0, 5, (2, 30)).astype(float)
    assert spearman_correlation(first, second) == pytest.approx(spearmanr(first, second)[0])
    assert math.isnan(spearman_correlation(first, np.ones(30)))
    assert math.isnan(spearman_correlation(first[:1], second[:1]))
