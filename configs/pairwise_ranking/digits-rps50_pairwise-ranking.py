# Half of the labels are unknown. Each positive is ranked above every class of its image that is not positive.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/pairwise_ranking_loss.py']

model = dict(head=dict(loss=_base_.loss))
