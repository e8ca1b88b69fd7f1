# COCO 2014 with 40 % of the positives kept, as Zhang et al. 2021 (arXiv 2112.07368) train on it, without the
# method. From their code: ResNet-50, 448 pixels, Cutout 0.5 and RandAugment, Adam, one cycle of 80 epochs
# with a largest learning rate of 1e-4, stopped after 30; batch size 128; weight decay 1e-4; an average of the
# weights with 0.9997. The 8 GPUs are ours.
_base_ = ['coco_one_cycle.py', '../simulations/drop60.py']

# Frequently modified parameters
batch_size = 16  # per GPU, with 8 GPUs
learning_rate = 1e-4

train_dataloader = dict(
    batch_size=batch_size,
    dataset=dict(_base_.simulation, _delete_=True, dataset=_base_.train_dataloader.dataset),
)

optim_wrapper = dict(optimizer=dict(lr=learning_rate))
param_scheduler = dict(eta_max=learning_rate, total_steps=80)
auto_scale_lr = dict(base_batch_size=128)
