# Half of the labels are unknown. They are negatives until the model predicts them as positive.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/self_paced_correction_loss.py']

# The annotated negatives of the digits are correct, so only unknown labels are corrected.
model = dict(head=dict(loss=dict(_base_.loss, correct_negatives=False)))
