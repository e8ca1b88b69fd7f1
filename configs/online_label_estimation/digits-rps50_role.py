# Half of the labels are unknown, and negatives are not used. A matrix of label estimates is trained together
# with the model.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/online_label_estimation_loss.py']

model = dict(
    head=dict(
        _base_.head,
        loss=dict(
            _base_.loss,
            num_images=2000,  # length of the training set
            num_classes=10,
            expected_positives=2.5,
        ),
    )
)

optim_wrapper = dict(paramwise_cfg=_base_.paramwise_cfg)
