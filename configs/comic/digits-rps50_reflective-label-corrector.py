# Half of the labels are unknown. They are negatives until the model predicts them as positive, with a higher
# probability than for other images.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/reflective_label_corrector_loss.py']

model = dict(head=dict(loss=_base_.loss))
