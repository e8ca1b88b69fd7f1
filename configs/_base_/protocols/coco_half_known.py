# COCO 2014 with half of all labels unknown (RPS 0.5); otherwise as coco_one_cycle.py.
_base_ = ['coco_one_cycle.py', '../simulations/rps50.py']

train_dataloader = dict(
    dataset=dict(_base_.simulation, _delete_=True, dataset=_base_.train_dataloader.dataset)
)
