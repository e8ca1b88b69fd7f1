# Your images and a CSV file of labels: one row per image, one column per class, and 1, 0 or a blank (unknown)
# in each cell. tools/new_project.py writes such a config, and the CSV files, from your own table.
_base_ = [
    '../_base_/protocols/own_data.py',
    '../_base_/models/multi_label_resnet50.py',
    '../_base_/methods/class_aware_selective_loss.py',
]

# Frequently modified parameters. Image size, batch size, epochs and learning rate are in the base files.
data_root = 'data/own'  # folder of the CSV files and of the images
image_folder = 'images'  # in data_root; the first column of the CSV files is a path in this folder
train_table, val_table = 'train.csv', 'val.csv'  # or JSON files, or label stores; see docs/data.md
num_classes = 20  # number of class columns of the CSV file
likelihood_topk = 'auto'  # or a number: about the expected number of unannotated positives per image
class_prior = None  # or the class_prior.json in the work_dir of a run with ClassPriorTrackingLoss

# Unknown labels that look positive are ignored, and the others are weak negatives. If the file has enough
# zeros, you may ignore all unknown labels: '../_base_/methods/binary_cross_entropy.py'.
loss = dict(likelihood_topk=likelihood_topk, class_prior=class_prior)
model = dict(head=dict(num_classes=num_classes, loss=dict(_base_.loss, **loss)))

train_dataloader = dict(dataset=dict(data_root=data_root, data_prefix=image_folder, ann_file=train_table))
val_dataloader = dict(dataset=dict(data_root=data_root, data_prefix=image_folder, ann_file=val_table))
test_dataloader = val_dataloader
