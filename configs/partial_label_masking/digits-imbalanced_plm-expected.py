# Imbalanced, fully labeled digits: the weights with which Partial Label Masking draws the elements, instead of
# random masks. The other settings are those of configs/partial_label_masking/digits-imbalanced_plm.py.
_base_ = [
    '../_base_/protocols/digits_all_known.py',
    '../_base_/methods/partial_label_masking_loss_expected.py',
]

model = dict(head=dict(loss=_base_.loss))
