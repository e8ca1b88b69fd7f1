# Imbalanced, fully labeled digits: Partial Label Masking with a uniform initial ratio; each class is divided
# by its kept fraction. Both are ours; configs/partial_label_masking/digits-imbalanced_plm-class-start.py
# starts as in the paper.
_base_ = [
    '../_base_/protocols/digits_all_known.py',
    '../_base_/methods/partial_label_masking_loss_uniform.py',
]

model = dict(head=dict(loss=_base_.loss))
