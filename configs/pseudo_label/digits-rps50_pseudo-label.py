# Half of the labels are unknown. From the sixth epoch on, confident predictions of the model are
# pseudo-labels.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/pseudo_label_loss.py']

model = dict(head=dict(loss=_base_.loss))
