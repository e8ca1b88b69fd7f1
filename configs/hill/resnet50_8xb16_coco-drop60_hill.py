# Hill loss, Zhang et al. 2021 (arXiv 2112.07368), COCO 2014 with 40 % of the positives left; the others
# become negatives. What is the authors' and what is ours is said in the protocol and in the simulation.
_base_ = ['../_base_/protocols/coco_drop60.py', '../_base_/methods/hill_loss.py']

model = dict(
    head=dict(loss=dict(_base_.loss, reduction='sum'))
)  # as the authors; the learning rate is theirs
