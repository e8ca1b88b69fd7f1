# LL-Ct, Kim et al. (CVPR 2022, arXiv 2206.03740), Open Images V3 with its 5,000 trainable classes. The
# authors publish no code for these data. ResNet-101, 5,000 classes and delta are in their later code (arXiv
# 2304.01804); batch size, optimizer and epochs are those of their other data sets. The image size of 224
# pixels is ours.
_base_ = [
    '../_base_/datasets/open_images.py',
    '../_base_/models/multi_label_resnet101.py',
    '../_base_/schedules/adam_10e.py',
    '../_base_/image_runtime.py',
    '../_base_/methods/large_loss_temporary.py',
]

# Frequently modified parameters
num_classes = 5000  # convert with the class files of V3

train_dataloader = dict(batch_size=16)

model = dict(head=dict(num_classes=num_classes, loss=_base_.loss))

# The authors train the last layer with ten times the learning rate.
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'head.fc': dict(lr_mult=10)}))
