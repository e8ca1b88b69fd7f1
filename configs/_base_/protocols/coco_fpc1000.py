# COCO 2014 with 1,000 positives and 1,000 negatives of each class known (FPC 1000); otherwise as
# coco_one_cycle.py.
_base_ = ['coco_one_cycle.py', '../simulations/fpc1000.py']

train_dataloader = dict(
    dataset=dict(_base_.simulation, _delete_=True, dataset=_base_.train_dataloader.dataset)
)
