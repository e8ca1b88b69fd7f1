# Half of the labels are unknown. Half of these get pseudo-labels, with thresholds per class that match the
# class prior.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/prior_matched_pseudo_label_loss.py']

model = dict(head=dict(loss=_base_.loss))
