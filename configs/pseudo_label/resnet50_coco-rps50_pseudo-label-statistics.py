# The three ideas of Zhang et al. 2023 (arXiv 2308.00166) together, on COCO 2014 with half of all labels unknown: pseudo-labels, weights
# from label statistics, and a label space that shrinks. Of the paper only the abstract was at hand, which has no numbers: all of them
# are ours, the training that of resnet50_coco-rps50_ignore.py.
_base_ = '../partial_bce/resnet50_coco-rps50_ignore.py'

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='PseudoLabelLoss',
            positive_threshold=0.9,
            negative_threshold=0.1,
            warmup_epochs=5,
            ramp_epochs=5,
            loss=dict(
                type='LabelSpaceReductionLoss',
                active_fraction=(1.0, 0.5),
                loss=dict(
                    type='StatisticsBalancedLoss',
                    max_weight=10,
                    loss=dict(type='PartialAsymmetricLoss', unknown='ignore', reduction='mean_images'))))))
