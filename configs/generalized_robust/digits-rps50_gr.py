# Half of the labels are unknown. Each one is partly positive and partly negative, by a schedule.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/generalized_robust_loss.py']

model = dict(head=dict(loss=_base_.loss))
