# Half of the labels unknown, and left out of the loss. The run also estimates the class prior and writes it,
# by class name, to class_prior.json in its work_dir: the class_prior of
# configs/class_aware_selective/digits-rps50_csl.py.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/class_prior_tracking_loss.py']

model = dict(head=dict(loss=_base_.loss))
