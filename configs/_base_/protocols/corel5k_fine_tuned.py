# Corel5k with the labels of the published files: a pretrained ResNet-50 that is trained for 30 epochs with 32
# images per step, on one GPU. All numbers are ours.
_base_ = [
    '../datasets/corel5k.py',
    '../models/multi_label_resnet50.py',
    '../schedules/adamw_cosine_30e.py',
    '../image_runtime.py',
]

# Frequently modified parameters
batch_size = 32  # per GPU

train_dataloader = dict(batch_size=batch_size)

model = dict(head=dict(num_classes=_base_.num_classes))
