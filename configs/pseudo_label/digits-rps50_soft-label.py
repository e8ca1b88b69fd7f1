# Half of the labels are unknown. They get soft labels after half of the epochs: this network is trained from
# scratch, and has no features for them before.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/soft_label_loss.py']

model = dict(head=dict(_base_.head, loss=dict(_base_.loss, warmup_epochs=10)))

custom_hooks = [*_base_.custom_hooks, *_base_.hooks]
