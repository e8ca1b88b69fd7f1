# Half of the labels unknown: from all classes to half of them in a step, and no logits of the others.
_base_ = [
    '../_base_/datasets/digits_rps50.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

model = dict(head=dict(type='ActiveClassesLinearClsHead', active_fraction=(1.0, 0.5)))
