# Half of the labels are unknown. Training uses positives only, with 2 expected positives per image (EPR).
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/expected_positives_loss.py']

model = dict(head=dict(loss=dict(_base_.loss, expected_positives=2)))
