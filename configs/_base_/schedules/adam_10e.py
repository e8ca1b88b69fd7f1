# Frequently modified parameters
max_epochs = 10
learning_rate = 1e-5

optim_wrapper = dict(optimizer=dict(type='Adam', lr=learning_rate, weight_decay=0))

train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()

# Number of images per step, over all GPUs, for which the learning rate is set. tools/train.py --auto-scale-lr
# scales the learning rate to another number.
auto_scale_lr = dict(base_batch_size=16)
