"""Settings by protocol, name and file, and their seeds."""

import pytest

from mmpretrain_imbalance.apis.comparison.compared_setting import read_setting


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("rps:0.5", "rps_0.5", dict(protocol="rps", probability=0.5)),
        ("fpc:20", "fpc_20", dict(protocol="fpc", num_labels=20)),
        ("drop_positives:0.4", "drop_positives_0.4", dict(protocol="drop_positives", probability=0.4)),
    ],
)
def test_protocols(text, name, arguments):
    setting = read_setting(text)
    assert (setting.name, setting.simulation) == (name, dict(type="SimulatePartialLabels", **arguments))


def test_labels_as_annotated_leave_the_dataset_as_it_is():
    dataset = dict(type="MultiDigits")
    assert read_setting("as_annotated").dataset(dataset, 3) is dataset


def test_the_seed_of_a_run_is_added_to_that_of_the_simulation(tmp_path):
    assert read_setting("rps50").dataset(dict(type="MultiDigits"), 2)["seed"] == 2
    file = tmp_path / "own.py"
    file.write_text(
        "simulation = dict(type='SimulatePartialLabels', protocol='rps', probability=0.1, seed=5)\n"
    )
    assert read_setting(file).dataset({}, 2)["seed"] == 7
    assert read_setting(file).name == "own"
    assert read_setting("single_positive").simulation["protocol"] == "single_positive"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rps", "must be a number from 0 to 1"),
        ("rps:2", "must be a number from 0 to 1"),
        ("fpc:0.5", "must be an integer of at least 1"),
        ("single_positive:3", "must have no number"),
        ("half", "must have 'as_annotated', a protocol"),
    ],
)
def test_wrong_settings_are_refused(text, message):
    with pytest.raises(ValueError, match=message):
        read_setting(text)


def test_a_file_without_a_simulation_is_refused(tmp_path):
    (tmp_path / "own.py").write_text("loss = dict(type='HillLoss')\n")
    with pytest.raises(ValueError, match="expected the name 'simulation'"):
        read_setting(tmp_path / "own.py")
    with pytest.raises(FileNotFoundError, match="must exist"):
        read_setting("absent.py")
