# Half of the labels are unknown and ignored. The run also estimates the class prior and writes it, by class
# name, to class_prior.json in its work_dir. configs/class_aware_selective/digits-rps50_csl.py reads this
# file.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/class_prior_tracking_loss.py']

model = dict(head=dict(loss=_base_.loss))
