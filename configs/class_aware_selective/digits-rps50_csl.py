# Half of the labels are unknown. Class-aware Selective Loss with the prior that the ignore run estimates:
#   python tools/train.py configs/partial_bce/digits-rps50_ignore.py
#   python tools/train.py configs/class_aware_selective/digits-rps50_csl.py
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/class_aware_selective_loss.py']

model = dict(
    head=dict(
        loss=dict(
            _base_.loss,
            prior_threshold=0.5,  # with ten classes, most priors are above the default of 0.05
            class_prior='work_dirs/digits-rps50_ignore/class_prior.json',  # matched by class name
        )
    )
)
