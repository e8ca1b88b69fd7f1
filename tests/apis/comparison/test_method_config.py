"""The written config is the base config with the inserted method, and nothing else."""

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS

from mmpretrain_imbalance.apis.comparison.compared_method import read_method
from mmpretrain_imbalance.apis.comparison.insert_method import insert_method
from mmpretrain_imbalance.apis.comparison.method_config import changed_settings, write_method_config
from mmpretrain_imbalance.apis.store_figures import store_figures
from mmpretrain_imbalance.datasets import dataset_label_store

PROTOCOL = Path(__file__).resolve().parents[3] / "configs" / "_base_" / "protocols" / "digits_all_known.py"
HIDDEN = """
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='SimulatePartialLabels',
        protocol={protocol!r},
        {amount}
        dataset=dict(type='MultiDigits', num_images=80, pipeline=_base_.train_dataloader.dataset.pipeline),
    ),
    sampler=dict(_delete_=True, type='RepeatFactorSampler', threshold=0.1),
)
work_dir = 'mine'
"""


@pytest.fixture
def base(tmp_path):
    def write(protocol="rps", amount="probability=0.5,"):
        path = tmp_path / "mine.py"
        path.write_text(f"_base_ = {str(PROTOCOL)!r}\n" + HIDDEN.format(protocol=protocol, amount=amount))
        return path

    return write


def inserted(base, name, class_prior=None):
    cfg = Config.fromfile(base)
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        labels = dataset_label_store(DATASETS.build(cfg.train_dataloader.dataset))
    insert_method(cfg, read_method(name), store_figures(labels), len(labels), {}, class_prior)
    return cfg.to_dict()


@pytest.mark.parametrize(
    "name",
    [
        "binary_cross_entropy",  # as the base config
        "boost_lu",  # no neck, and maps
        "class_aware_sampler",
        "online_label_estimation_loss",  # head, paramwise_cfg and num_images
        "pseudo_label_loss_averaged",  # hooks
        "asymmetric_pseudo_label_loss",  # warm-up epochs
    ],
)
def test_every_setting_is_that_of_the_inserted_method(base, tmp_path, name):
    path = tmp_path / "new" / "written.py"
    write_method_config(base(), read_method(name), path, "Why.")
    assert path.read_text().startswith(f"# Why.\n_base_ = {str(base())!r}\n")
    written, expected = Config.fromfile(path).to_dict(), inserted(base(), name)
    assert written.pop("work_dir") == str(tmp_path / "new" / "written")
    assert expected.pop("work_dir") == "mine"
    assert written == expected


def test_the_class_prior_is_used_where_there_is_one(base, tmp_path):
    method = read_method("class_aware_selective_loss")
    for number, protocol in enumerate((("rps", "probability=0.5,"), ("single_positive", ""))):
        path = tmp_path / f"{number}.py"
        write_method_config(base(*protocol), method, path, "Why.", Path("prior.json"))
        loss = Config.fromfile(path).model.head.loss
        assert (loss.class_prior, loss.prior_threshold) == [("prior.json", 0.05), (None, None)][number]


def test_an_existing_file_is_not_changed(base, tmp_path):
    path = tmp_path / "written.py"
    path.write_text("# mine")
    write_method_config(base(), read_method("hill_loss"), path, "Why.")
    assert path.read_text() == "# mine"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (dict(a=1, b=[1, 2]), dict(a=1, b=[1, 3])),
        (dict(a=dict(type="A", x=1, y=2)), dict(a=dict(type="A", x=1, y=3))),
        (dict(a=dict(type="A", x=1, y=2)), dict(a=dict(type="A", x=1))),
        (dict(a=dict(type="A", x=1)), dict(a=dict(type="B", x=1, z=dict(c=2)))),
        (dict(a=dict(x=dict(y=1))), dict(a=dict(x=dict(y=1, z=None)))),
        (dict(a=None, b=dict(x=1)), dict(a=dict(x=1), b=None)),
        (dict(a=[dict(x=1)]), dict(a=dict(x=1))),
        (dict(a=1), dict(a=1, b=dict(x=1))),
    ],
)
def test_changed_settings_are_what_mmengine_merges(tmp_path, old, new):
    (tmp_path / "old.py").write_text(Config(old).pretty_text)
    changes = Config(changed_settings(old, new)).pretty_text
    (tmp_path / "new.py").write_text(f"_base_ = 'old.py'\n{changes}")
    assert Config.fromfile(tmp_path / "new.py").to_dict() == new


def test_only_what_differs_is_written():
    old = dict(optimizer=dict(type="SGD", lr=1, momentum=0.9), lr=1)
    new = dict(optimizer=dict(type="SGD", lr=3, momentum=0.9), lr=1)
    assert changed_settings(old, new) == dict(optimizer=dict(lr=3))
