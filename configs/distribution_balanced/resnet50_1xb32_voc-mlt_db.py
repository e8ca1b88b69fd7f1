# Distribution-balanced focal loss, Wu et al. (ECCV 2020, arXiv 2007.09654), VOC-MLT. Two numbers of the loss
# are different, and the largest class has 775 images. All other settings are as in
# resnet50_1xb32_coco-mlt_db.py.
_base_ = 'resnet50_1xb32_coco-mlt_db.py'

num_classes = 20
data_root = 'data/voc_mlt'

train_dataloader = dict(
    sampler=dict(epoch_size=3875),
    dataset=dict(data_root=data_root, data_prefix='../VOCdevkit/VOC2012/JPEGImages'),
)
val_dataloader = dict(dataset=dict(data_root=data_root, data_prefix='../VOCdevkit/VOC2007/JPEGImages'))
test_dataloader = val_dataloader

model = dict(head=dict(num_classes=num_classes, loss=dict(gamma=0.3, negative_scale=5.0)))
