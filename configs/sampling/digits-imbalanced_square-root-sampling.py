# Imbalanced, fully labeled digits: binary cross-entropy, with images sampled by one over the square root of
# the number of positives of their classes.
_base_ = ['../_base_/protocols/digits_all_known.py', '../_base_/methods/class_weighted_sampler.py']

model = dict(head=dict(loss=_base_.loss))

train_dataloader = dict(sampler=dict(_base_.sampler, _delete_=True))
