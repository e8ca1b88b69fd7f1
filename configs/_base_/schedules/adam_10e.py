# Frequently modified parameters
max_epochs = 10
learning_rate = 1e-5

optim_wrapper = dict(optimizer=dict(type='Adam', lr=learning_rate, weight_decay=0))

train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()

# Images per step, over all GPUs, that the learning rate is for; tools/train.py --auto-scale-lr scales it to
# another number.
auto_scale_lr = dict(base_batch_size=16)
