# Half of the labels unknown: pseudo-labels for half of them, with thresholds of each class that match its
# prior.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/prior_matched_pseudo_label_loss.py']

model = dict(head=dict(loss=_base_.loss))
