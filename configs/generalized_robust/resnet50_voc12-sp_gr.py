# GR, Chen et al. (IJCAI 2024, arXiv 2405.03501), single positives on VOC 2012. From their code: 8 epochs, batch size 8, learning
# rate 1e-5, ten times that for the last layer, and the schedules of the loss. They choose the epoch on a fifth of the images.
_base_ = '../_base_/protocols/voc2012_single_positive.py'

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='GeneralizedRobustLoss',
            slope=(0.0, 2.0),
            offset=(-2.0, -2.0),
            mean=(0.5, 0.8),
            deviation=(2.0, 0.5),
            positive_exponent=0.01,
            negative_exponent=1.0,
            reduction='mean')))

train_cfg = dict(max_epochs=8)
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'head.fc': dict(lr_mult=10)}))
