# Half of the labels unknown; somebody has answered to some of them, see README.md. The others are part
# positive, part negative.
_base_ = [
    '../_base_/protocols/digits_half_known.py',
    '../_base_/methods/generalized_pseudo_label_robust_loss.py',
]

model = dict(
    head=dict(
        _base_.head,
        loss=dict(_base_.loss, pseudo_labels='work_dirs/digits_answers.npy', expected_positives=2),
    )
)
