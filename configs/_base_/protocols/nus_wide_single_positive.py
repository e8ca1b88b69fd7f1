# NUS-WIDE: of each image one positive label, drawn at random, is known and nothing else, as Cole et al. (CVPR 2021, arXiv
# 2106.09708) compare methods. From their code: ResNet-50, 448 x 448 pixels, flips, Adam, 10 epochs, images without positives left out.
# They choose the learning rate (1e-2 to 1e-5), the batch size (8 or 16) and the epoch on a fifth of the training images. Here all
# images are trained on and the last epoch counts; 1e-5 and 16 are the choice of Zhou et al. (ECCV 2022, arXiv 2203.16219).
_base_ = [
    '../datasets/nus_wide.py', '../models/multi_label_resnet50.py', '../schedules/adam_10e.py',
    '../pipelines/flip_448px.py', '../image_runtime.py'
]

train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        _delete_=True,
        type='SimulatePartialLabels',
        protocol='single_positive',
        seed=0,
        dataset=dict(
            type='PartialLabelDataset',
            data_root={{_base_.data_root}},
            data_prefix='Flickr',
            ann_file='train_labels',
            filter_cfg=dict(min_positives=1),
            pipeline={{_base_.flip_pipeline}})))
val_dataloader = dict(dataset=dict(filter_cfg=dict(min_positives=1), pipeline={{_base_.resize_pipeline}}))
test_dataloader = val_dataloader

model = dict(head=dict(num_classes={{_base_.num_classes}}))
