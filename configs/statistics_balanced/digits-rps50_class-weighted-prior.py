# Half of the labels are unknown. Class weights from the class prior that the ignore run estimates:
#   python tools/train.py configs/partial_bce/digits-rps50_ignore.py
#   python tools/train.py configs/statistics_balanced/digits-rps50_class-weighted-prior.py
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/statistics_balanced_loss_prior.py']

model = dict(
    head=dict(
        loss=dict(
            _base_.loss,
            class_prior='work_dirs/digits-rps50_ignore/class_prior.json',  # matched by class name
        )
    )
)
