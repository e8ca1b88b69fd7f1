# Imbalanced, fully labeled digits: binary cross-entropy with margins on the logits of positives.
_base_ = ['../_base_/protocols/digits_all_known.py', '../_base_/methods/ldam_loss_sigmoid.py']

model = dict(head=dict(loss=_base_.loss))
