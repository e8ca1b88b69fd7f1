# Half of the labels unknown: negatives until the model is sure that they are not.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/self_paced_correction_loss.py']

# The annotated negatives of the digits are right, so only unknown labels are corrected.
model = dict(head=dict(loss=dict(_base_.loss, correct_negatives=False)))
