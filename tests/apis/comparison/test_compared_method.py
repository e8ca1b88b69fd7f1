"""Methods by name, file and type, and the messages for everything else."""

import pytest

from mmpretrain_imbalance.apis.comparison.compared_method import read_method


def test_shipped_methods_have_their_parts():
    method = read_method("online_label_estimation_loss")
    assert method.name == "online_label_estimation_loss"
    assert set(method.parts) == {"loss", "head", "paramwise_cfg"}
    assert method.parts["loss"]["type"] == "OnlineLabelEstimationLoss"


def test_csl_declares_its_prior():
    assert read_method("class_aware_selective_loss").requires == {"class_prior": "binary_cross_entropy"}


def test_a_users_file_is_named_after_the_file(tmp_path):
    file = tmp_path / "my_method.py"
    file.write_text(
        "loss = dict(type='HillLoss')\n"
        "search_space = {'loss.reduction': ['mean', 'mean_images']}\n"
        "custom_imports = dict(imports='json', allow_failed_imports=False)\n"
    )
    method = read_method(file)
    assert (method.name, method.imports) == ("my_method", ("json",))
    assert method.search_space == {"loss.reduction": ["mean", "mean_images"]}


def test_a_registered_loss_is_a_method():
    assert read_method("HillLoss").parts == {"loss": {"type": "HillLoss"}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("loss = 3\n", "expected the name 'loss'"),
        ("loss = dict(type='HillLoss')\nmodel = dict()\n", r"found \['model'\]"),
        ("loss = dict(type=", "expected the config file of a method"),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    file = tmp_path / "wrong.py"
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_method(file)


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"Got 'x' instead. The methods are .*hill_loss"):
        read_method("x")
    with pytest.raises(
        ValueError, match=r"Got 'hill_los' instead. Did you mean 'hill_loss'\? The methods are"
    ):
        read_method("hill_los")
    with pytest.raises(FileNotFoundError, match=r"must exist\. Got 'absent.py' instead"):
        read_method("absent.py")
