# Half of the labels are unknown. Soft labels after half of the epochs, fewer classes per step, and class weights.
_base_ = [
    '../_base_/protocols/digits_half_known.py',
    '../_base_/methods/soft_label_loss_statistics.py',
]

model = dict(head=dict(_base_.head, loss=dict(_base_.loss, warmup_epochs=10)))

custom_hooks = [*_base_.custom_hooks, *_base_.hooks]
