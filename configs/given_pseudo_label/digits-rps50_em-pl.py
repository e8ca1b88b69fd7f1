# Half of the labels unknown; somebody has answered to some of them, see README.md. The entropy of the others
# is maximized.
_base_ = [
    '../_base_/protocols/digits_half_known.py',
    '../_base_/methods/entropy_maximization_pseudo_label_loss.py',
]

model = dict(
    head=dict(
        _base_.head,
        loss=dict(_base_.loss, pseudo_labels='work_dirs/digits_answers.npy'),
    )
)
