"""Config of a run: the method, the labels, the seed and the trial are in it; the rest is the base config."""

from pathlib import Path

import pytest
from mmengine.config import Config

from mmpretrain_imbalance.apis.comparison.compared_method import ComparedMethod, read_method
from mmpretrain_imbalance.apis.comparison.compared_setting import read_setting
from mmpretrain_imbalance.apis.comparison.data_parts import read_data_parts, write_data_parts
from mmpretrain_imbalance.apis.comparison.insert_method import has_class_prior
from mmpretrain_imbalance.apis.comparison.run_config import check_base_config, run_config

PROTOCOL = Path(__file__).resolve().parents[3] / "configs" / "_base_" / "protocols" / "digits_all_known.py"


@pytest.fixture(scope="module")
def base():
    cfg = Config.fromfile(PROTOCOL)
    cfg.train_dataloader.dataset.num_images = 60
    return cfg


@pytest.fixture(scope="module")
def parts(base, tmp_path_factory):
    def write(text):
        folder = tmp_path_factory.mktemp("parts")
        write_data_parts(base, read_setting(text), 0, folder, 0.25)
        return read_data_parts(folder)

    return {text: write(text) for text in ("as_annotated", "rps:0.5", "single_positive")}


def compose(base, parts, method, setting="as_annotated", seed=0, changes=None, **arguments):
    method = method if isinstance(method, ComparedMethod) else read_method(method)
    return run_config(base, method, read_setting(setting), seed, changes or {}, parts[setting], **arguments)


def test_the_method_replaces_the_loss_and_adds_its_parts(base, parts):
    cfg = compose(base, parts, "online_label_estimation_loss", "rps:0.5")
    assert cfg.model.head.type == "PartialLabelLinearClsHead"
    assert (cfg.model.head.in_channels, cfg.model.head.loss.type) == (64, "OnlineLabelEstimationLoss")
    assert cfg.optim_wrapper.paramwise_cfg.custom_keys.label_logits.lr_mult == 10
    cfg = compose(base, parts, "repeat_factor_sampler")
    assert cfg.train_dataloader.sampler.type == "RepeatFactorSampler"
    cfg = compose(base, parts, "pseudo_label_loss_averaged", "rps:0.5")
    names = [hook.type for hook in cfg.custom_hooks]
    assert len(names) == len(set(names))
    assert {"LabelStatisticsHook", "BestThresholdsHook", "EpochSeedHook"} < set(names)


def test_the_base_config_does_not_change(base, parts):
    text = base.pretty_text
    compose(base, parts, "hill_loss", changes={"learning_rate": 3.0})
    assert base.pretty_text == text


def test_labels_are_hidden_in_training_and_validation_and_not_in_the_test(base, parts):
    cfg = compose(base, parts, "hill_loss", "rps:0.5", seed=4)
    for loader, part in ((cfg.train_dataloader, "train.npy"), (cfg.val_dataloader, "val.npy")):
        assert loader.dataset.type == "DatasetSubset"
        assert Path(loader.dataset.indices).name == part
        assert (loader.dataset.dataset.protocol, loader.dataset.dataset.seed) == ("rps", 4)
    assert cfg.test_dataloader.dataset.type == "MultiDigits"
    assert cfg.test_dataloader.dataset.split == "test"
    assert cfg.randomness.seed == 4
    assert not cfg.val_dataloader.sampler.shuffle


@pytest.mark.parametrize(
    ("batch_size", "drops"), [(11, True), (44, True), (12, False), (45, False), (1, False)]
)
def test_no_batch_has_one_image(base, parts, batch_size, drops):
    """The training part has 45 images. Batch normalization fails in a last batch of one image."""
    assert parts["as_annotated"].num_train == 45
    cfg = Config(base.to_dict())
    cfg.train_dataloader.batch_size = batch_size
    assert compose(cfg, parts, "hill_loss").train_dataloader.get("drop_last", False) is drops


def test_without_negatives_unknown_labels_are_negatives_for_the_choice(base, parts):
    cfg = compose(base, parts, "hill_loss", "single_positive")
    assert cfg.val_dataloader.dataset.type == "UnknownAsNegative"
    assert cfg.train_dataloader.dataset.type == "DatasetSubset"


def test_memory_per_image_has_a_row_for_each_image_of_the_whole_training_set(base, parts):
    """Sample ids of a part are those of the whole set, so 45 rows would be too few for 60 images."""
    loss = compose(base, parts, "online_label_estimation_loss", "rps:0.5").model.head.loss
    assert loss.num_images == 60 > parts["rps:0.5"].num_train


def test_a_trial_changes_the_method_and_the_learning_rate(base, parts):
    changes = {"loss.max_weight": 3, "loss.loss.gamma_neg": 2, "learning_rate": 0.5}
    cfg = compose(base, parts, "statistics_balanced_loss", changes=changes)
    assert (cfg.model.head.loss.max_weight, cfg.model.head.loss.loss.gamma_neg) == (3, 2)
    assert cfg.optim_wrapper.optimizer.lr == base.optim_wrapper.optimizer.lr * 0.5
    assert cfg.param_scheduler.eta_max == base.param_scheduler.eta_max * 0.5


def test_the_class_prior_reaches_the_inner_loss(base, parts):
    method = read_method("partial_label_masking_loss_selective")
    assert has_class_prior(parts["rps:0.5"].figures)
    cfg = compose(base, parts, method, "rps:0.5", class_prior=Path("prior.json"))
    assert cfg.model.head.loss.loss.class_prior == "prior.json"


def test_without_negatives_there_is_no_class_prior(base, parts):
    method = read_method("class_aware_selective_loss")
    assert not has_class_prior(parts["single_positive"].figures)
    loss = compose(base, parts, method, "single_positive").model.head.loss
    assert loss.class_prior is None
    assert loss.prior_threshold is None


def test_a_run_validates_after_the_last_epoch_only_and_can_be_resumed(base, parts):
    cfg = compose(base, parts, "hill_loss")
    assert cfg.train_cfg.val_interval > cfg.train_cfg.max_epochs
    assert (cfg.default_hooks.checkpoint.interval, cfg.default_hooks.checkpoint.max_keep_ckpts) == (1, 1)


def test_components_of_a_users_method_are_imported(base, parts):
    method = ComparedMethod("own", {"loss": dict(type="HillLoss")}, imports=("my_losses",))
    assert compose(base, parts, method).custom_imports.imports == ["mmpretrain_imbalance", "my_losses"]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("model", None, "own.py: expected the setting 'model'"),
        ("model", dict(type="ImageClassifier"), "expected a model with a 'head'"),
        ("train_cfg", dict(by_epoch=False, max_iters=10), "expected training by epochs"),
        ("train_cfg", dict(by_epoch=True, max_epochs="x"), "expected a positive integer .* found 'x'"),
        ("train_cfg", dict(by_epoch=True, max_epochs=0), "train_cfg.max_epochs, found 0"),
        ("optim_wrapper", dict(optimizer=dict(type="SGD")), "expected one learning rate"),
    ],
)
def test_configs_that_cannot_be_a_base_are_refused(base, key, value, message):
    cfg = Config({**base.to_dict(), key: value})
    with pytest.raises(ValueError, match=message):
        check_base_config(cfg, "own.py")
