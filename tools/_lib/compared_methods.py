"""Settings, methods and shipped configs that tools/compare_methods.py compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from _lib.method_runs import MethodRun

NUM_IMAGES = 2000


@dataclass(frozen=True)
class Setting:
    """Training data, and the methods that are trained on it.

    Args:
        title: Title of the setting in printed tables.
        simulation: Arguments of SimulatePartialLabels; ``None`` if every label is known.
        methods: Keys of METHODS.
    """

    title: str
    simulation: dict | None
    methods: tuple[str, ...]


@dataclass(frozen=True)
class Method:
    """Shipped config of a method.

    Args:
        config: Path of the config, relative to configs/.
        needs_prior: Whether the method needs the class prior that the "ignore" run estimates.
        positives_only: Settings by dotted key, for training data without known negatives.
    """

    config: str
    needs_prior: bool = False
    positives_only: tuple[tuple[str, object], ...] = ()


METHODS = {
    "ignore": Method("partial_bce/digits-rps50_ignore.py"),
    "bce": Method("partial_bce/digits-imbalanced_bce.py"),
    "assume_negative": Method("partial_bce/digits-rps50_negative.py"),
    "class_weights": Method("statistics_balanced/digits-imbalanced_class-weighted-bce.py"),
    "class_balanced": Method("class_balanced/digits-imbalanced_class-balanced.py"),
    "distribution_balanced": Method("distribution_balanced/digits-imbalanced_db.py"),
    "repeat_factor_sampling": Method("sampling/digits-imbalanced_repeat-factor-sampling.py"),
    "plm": Method("partial_label_masking/digits-imbalanced_plm.py"),
    "focal": Method("focal/digits-imbalanced_focal.py"),
    "asl": Method("asymmetric/digits-imbalanced_asl.py"),
    "two_way": Method("two_way/digits-imbalanced_two-way.py"),
    "zlpr": Method("zlpr/digits-imbalanced_zlpr.py"),
    # Without known negatives, an "ignore" run cannot estimate a prior: CSL selects by its ranking alone.
    "csl": Method(
        "class_aware_selective/digits-rps50_csl.py",
        needs_prior=True,
        positives_only=(("model.head.loss.prior_threshold", None), ("model.head.loss.class_prior", None)),
    ),
    "plm_csl": Method("combinations/digits-rps50_plm-csl.py", needs_prior=True),
    "pseudo_label": Method("pseudo_label/digits-rps50_pseudo-label.py"),
    "matched_pseudo_label": Method("pseudo_label/digits-rps50_pseudo-label-matched.py"),
    "an_ls": Method("assume_negative/digits-rps50_an-ls.py"),
    "weak_negatives": Method("assume_negative/digits-rps50_wan.py"),
    "epr": Method("assume_negative/digits-rps50_epr.py"),
    "role": Method("online_label_estimation/digits-rps50_role.py"),
    "em": Method("entropy_maximization/digits-rps50_em.py"),
    "em_apl": Method("asymmetric_pseudo_label/digits-rps50_em-apl.py"),
    "large_loss": Method("large_loss/digits-rps50_large-loss-reject.py"),
    "hill": Method("hill/digits-rps50_hill.py"),
    "splc": Method("self_paced_correction/digits-rps50_splc.py"),
    "gr": Method("generalized_robust/digits-rps50_gr.py"),
}

BALANCING = ("class_weights", "class_balanced", "distribution_balanced", "repeat_factor_sampling", "plm")
UNKNOWN_AS_NEGATIVE = ("assume_negative", "weak_negatives", "hill", "splc", "large_loss", "gr")
SELF_TRAINING = ("pseudo_label", "matched_pseudo_label", "em_apl")
PARTIAL = ("ignore", "class_weights", "plm", "csl", "plm_csl", *SELF_TRAINING, *UNKNOWN_AS_NEGATIVE)

SETTINGS = {
    "full": Setting("All labels known", None, ("bce", *BALANCING, "focal", "asl", "two_way", "zlpr")),
    "rps50": Setting("Half of the labels known", dict(protocol="rps", probability=0.5), PARTIAL),
    "rps90": Setting("A tenth of the labels known", dict(protocol="rps", probability=0.9), PARTIAL),
    "fpc": Setting(
        "50 positives and 50 negatives of each class known", dict(protocol="fpc", num_labels=50), PARTIAL
    ),
    "single": Setting(
        "One positive of each image known, nothing else",
        dict(protocol="single_positive"),
        (*UNKNOWN_AS_NEGATIVE, "an_ls", "epr", "role", "em", "em_apl", "csl"),
    ),
}


def planned_runs(
    settings: Sequence[str], methods: Sequence[str], num_seeds: int, data_root: str
) -> list[MethodRun]:
    """List the runs, ordered by seed. Runs that estimate a class prior come before the runs that need it.

    Args:
        settings: Keys of SETTINGS.
        methods: Keys of METHODS; a method runs only in the settings that list it.
        num_seeds: Number of seeds.
        data_root: Folder of MNIST; empty for scikit-learn's digits.

    Returns:
        The runs.
    """
    runs = []
    for seed in range(num_seeds):
        for setting in settings:
            positives_only = setting == "single"
            chosen = [
                method for method in METHODS if method in methods and method in SETTINGS[setting].methods
            ]
            needs_prior = any(METHODS[method].needs_prior for method in chosen) and not positives_only
            if needs_prior and "ignore" not in chosen:
                chosen.insert(0, "ignore")
            for method in chosen:
                shipped = METHODS[method]
                options = dict(shipped.positives_only) if positives_only else {}
                options["train_dataloader.dataset"] = training_set(SETTINGS[setting].simulation, data_root)
                for loader in ("val_dataloader", "test_dataloader"):
                    options[f"{loader}.dataset.data_root"] = data_root
                prior_from = "ignore" if shipped.needs_prior and not positives_only else None
                runs.append(MethodRun(setting, method, seed, shipped.config, prior_from, options))
    return runs


def training_set(simulation: dict | None, data_root: str) -> dict:
    """Config of the long-tailed digits with some labels hidden. ``train_method`` sets its seed."""
    digits = dict(
        type="MultiDigits",
        split="train",
        num_images=NUM_IMAGES,
        imbalance_factor=100,
        data_root=data_root,
        pipeline=[dict(type="PackInputs")],
    )
    return digits if simulation is None else dict(type="SimulatePartialLabels", dataset=digits, **simulation)
