# Half of the labels are unknown. The loss maximizes their entropy; after 8 of 20 epochs, those with the
# lowest probability become soft negatives.
_base_ = ['../_base_/protocols/digits_half_known.py', '../_base_/methods/asymmetric_pseudo_label_loss.py']

model = dict(
    head=dict(
        _base_.head,
        loss=dict(_base_.loss, warmup_epochs=8),  # of 20 epochs; the method has 5 of 10
    )
)
