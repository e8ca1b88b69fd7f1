# Half of the labels unknown: negatives until the model is sure that they are not, and surer than of other
# images.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/reflective_label_corrector_loss.py']

model = dict(head=dict(loss=_base_.loss))
