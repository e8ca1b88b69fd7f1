# AdamW for a linear head on standardized features. Their mean is 0, so only the biases learn how frequent a
# class is. With the learning rate of the weights they would take hundreds of epochs, and the weights would
# learn it from noise instead: the biases have a learning rate a hundred times as large, and no weight decay.
# AdamW's weight decay is multiplied by the learning rate, so that 3 is not much in 20 epochs.
# A config that stops before the end of the schedule must set both T_max and max_epochs.

# Frequently modified parameters
max_epochs = 20
learning_rate = 2e-3  # of the weights

optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=learning_rate, weight_decay=3.0),
    paramwise_cfg=dict(bias_lr_mult=100, bias_decay_mult=0),
)
param_scheduler = dict(type='CosineAnnealingLR', T_max=max_epochs, by_epoch=True, convert_to_iter_based=True)

train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=max_epochs)
val_cfg = dict()
test_cfg = dict()

# Number of images per step, over all GPUs, for which the learning rate is set. tools/train.py --auto-scale-lr
# scales the learning rate to another number.
auto_scale_lr = dict(base_batch_size=128)
