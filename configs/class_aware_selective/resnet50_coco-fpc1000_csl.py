# CSL, Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955), COCO 2014 with 1,000 positives and 1,000 negatives of each class known (FPC 1000).
# The exponents are the paper's for FPC 1000. No class prior: where a fixed number of labels a class is known, an estimated one cannot be
# trusted; that is ours. Everything else as for RPS 0.5.
_base_ = 'resnet50_coco-rps50_csl.py'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='SimulatePartialLabels',
        protocol='fpc',
        num_labels=1000,
        seed=0,
        dataset=dict(
            type='PartialLabelDataset',
            data_root={{_base_.data_root}},
            data_prefix='train2014',
            ann_file='train_labels',
            filter_cfg=dict(min_positives=1),
            pipeline={{_base_.augment_pipeline}})))

model = dict(head=dict(loss=dict(gamma_neg=3, prior_threshold=None, class_prior=None)))
