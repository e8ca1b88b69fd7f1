# The schedule of Cui et al. and of Cao et al. on imbalanced CIFAR: 5 epochs of warm-up, and a factor of 1/100
# at epoch 160 and again at epoch 180.
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=2e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.2, by_epoch=True, begin=0, end=5),
    dict(type='MultiStepLR', by_epoch=True, milestones=[160, 180], gamma=0.01),
]

train_cfg = dict(by_epoch=True, max_epochs=200, val_interval=10)
val_cfg = dict()
test_cfg = dict()

# Number of images per step, over all GPUs, for which the learning rate is set. tools/train.py --auto-scale-lr
# scales the learning rate to another number.
auto_scale_lr = dict(base_batch_size=128)
