# Focal loss, Lin et al. (ICCV 2017, arXiv 1708.02002), on COCO 2014 as whole images. Their own experiment is object detection; gamma 2 is
# theirs, the loss without alpha and everything else is the set-up of ASL (arXiv 2009.14119), which compares with it.
_base_ = '../asymmetric/resnet101_coco_asl.py'

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='PartialAsymmetricLoss',
            gamma_pos=2,
            gamma_neg=2,
            detach_focus=False,
            eps=0,
            reduction='sum')))
