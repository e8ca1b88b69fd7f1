# Imbalanced, fully labeled digits: Partial Label Masking around the focal loss. The settings of the masking are
# those of configs/partial_label_masking/digits-imbalanced_plm.py.
_base_ = ['../_base_/protocols/digits_all_known.py', '../_base_/methods/partial_label_masking_loss_focal.py']

model = dict(head=dict(loss=_base_.loss))
