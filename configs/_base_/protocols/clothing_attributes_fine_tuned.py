# Clothing Attributes with the labels of the published files; otherwise as corel5k_fine_tuned.py.
_base_ = [
    '../datasets/clothing_attributes.py',
    '../models/multi_label_resnet50.py',
    '../schedules/adamw_cosine_30e.py',
    '../image_runtime.py',
]

# Frequently modified parameters
batch_size = 32  # per GPU

train_dataloader = dict(batch_size=batch_size)

model = dict(head=dict(num_classes=_base_.num_classes))
