# After Zhang et al. 2023 (arXiv 2308.00166): a label space that shrinks during training, with the 9,605
# classes of Open Images. All numbers are ours; the training settings are those of
# resnet50_1xb64_open-images_ignore.py.
_base_ = ['../_base_/protocols/open_images_one_cycle.py', '../_base_/methods/active_classes.py']

model = dict(head=dict(_base_.head, active_fraction=(1.0, 0.1), loss=_base_.loss))
