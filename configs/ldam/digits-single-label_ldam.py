# Imbalanced digits, one to an image: softmax cross-entropy with margins.
_base_ = [
    '../_base_/datasets/digits.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

train_dataloader = dict(dataset=dict(max_digits=1))
val_dataloader = dict(dataset=dict(max_digits=1))
test_dataloader = val_dataloader

model = dict(head=dict(loss=dict(_delete_=True, type='LDAMLoss', scale=1.0)))
