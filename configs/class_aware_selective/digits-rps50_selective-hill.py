# Half of the labels are unknown. Selection of Class-aware Selective Loss around the Hill loss, with the prior
# of the ignore run.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/selective_negative_loss.py']

model = dict(
    head=dict(
        loss=dict(
            _base_.loss,
            prior_threshold=0.5,  # with ten classes, most priors are above the default of 0.05
            class_prior='work_dirs/digits-rps50_ignore/class_prior.json',  # matched by class name
        )
    )
)
