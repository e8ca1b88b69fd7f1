# Half of the labels unknown: their entropy is maximized; after 8 of 20 epochs those that look most negative become
# soft negatives.
_base_ = [
    '../_base_/datasets/digits_rps50.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

# Soft labels are remembered by sample id, which this head passes on; num_images is the length of the training set.
model = dict(
    head=dict(
        type='PartialLabelLinearClsHead',
        loss=dict(
            _delete_=True,
            type='AsymmetricPseudoLabelLoss',
            num_images=2000,
            alpha=0.1,
            beta=0.9,
            warmup_epochs=8,
            reduction='mean')))
