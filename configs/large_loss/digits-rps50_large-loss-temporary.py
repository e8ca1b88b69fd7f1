# Half of the labels unknown, taken for negatives except where that fits worst: those count as positives.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/large_loss_temporary.py']

model = dict(head=dict(loss=dict(_base_.loss, delta=0.5)))  # as digits-rps50_large-loss-reject.py
