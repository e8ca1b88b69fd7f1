# Half of the labels unknown; somebody has answered to some of them, see README.md. The others are part positive, part negative.
_base_ = [
    '../_base_/datasets/digits_rps50.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

# Answers are looked up by sample id, which this head passes on; num_images is the length of the training set.
model = dict(
    head=dict(
        type='PartialLabelLinearClsHead',
        loss=dict(
            _delete_=True,
            type='GeneralizedPseudoLabelRobustLoss',
            pseudo_labels='work_dirs/digits_answers.npy',
            num_images=2000,
            expected_positives=2)))
