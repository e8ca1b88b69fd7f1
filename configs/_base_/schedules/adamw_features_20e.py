# AdamW in one cycle for a linear head on standardized features. A config that stops before the end of the
# cycle must set both total_steps and max_epochs.

# Frequently modified parameters
max_epochs = 20
learning_rate = 1e-3

optim_wrapper = dict(optimizer=dict(type='AdamW', lr=learning_rate, weight_decay=1e-2))
param_scheduler = dict(
    type='OneCycleLR',
    eta_max=learning_rate,
    pct_start=0.2,
    total_steps=max_epochs,
    by_epoch=True,
    convert_to_iter_based=True,
)

train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=max_epochs)
val_cfg = dict()
test_cfg = dict()

# Number of images per step, over all GPUs, for which the learning rate is set. tools/train.py --auto-scale-lr
# scales the learning rate to another number.
auto_scale_lr = dict(base_batch_size=128)
