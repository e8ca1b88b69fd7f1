# AdamW to fine-tune a pretrained network. The head starts from random weights, so its learning rate is ten
# times as large. A config that stops before the end of the schedule must set both T_max and max_epochs.

# Frequently modified parameters
max_epochs = 30
learning_rate = 3e-4  # of the backbone

optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=learning_rate, weight_decay=1e-4),
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=10))),
)
param_scheduler = dict(type='CosineAnnealingLR', T_max=max_epochs, by_epoch=True, convert_to_iter_based=True)

train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()

# Number of images per step, over all GPUs, for which the learning rate is set. tools/train.py --auto-scale-lr
# scales the learning rate to another number.
auto_scale_lr = dict(base_batch_size=32)
