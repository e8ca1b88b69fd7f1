# ROLE, Cole et al. (CVPR 2021, arXiv 2106.09708). A config sets num_images and num_classes of the training
# set, and expected_positives, the expected number of positives per image. The optimizer settings of the
# estimates and the mean over all elements are those of their code.
loss = dict(type='OnlineLabelEstimationLoss', reduction='mean')

# The estimates are stored by sample id, which this head passes to the loss.
head = dict(type='PartialLabelLinearClsHead')

# Of the optim_wrapper: ten times the learning rate for the estimates, and no weight decay.
paramwise_cfg = dict(custom_keys=dict(label_logits=dict(lr_mult=10, decay_mult=0)))
