# VOC 2012 (train, val) with single positives, excluding images without positives, in the set-up of
# single_positive_448px.py. Learning rate 1e-5 and batch size 8 (here on one GPU) are the choice of Zhou et
# al. (ECCV 2022, arXiv 2203.16219).
_base_ = ['../datasets/voc2012_difficult_unknown.py', 'single_positive_448px.py']

train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        _base_.simulation,
        _delete_=True,
        dataset=dict(
            _base_.train_dataloader.dataset, filter_cfg=dict(min_positives=1), pipeline=_base_.flip_pipeline
        ),
    ),
)
val_dataloader = dict(dataset=dict(filter_cfg=dict(min_positives=1), pipeline=_base_.resize_pipeline))
test_dataloader = val_dataloader

model = dict(head=dict(num_classes=_base_.num_classes))

auto_scale_lr = dict(base_batch_size=8)
