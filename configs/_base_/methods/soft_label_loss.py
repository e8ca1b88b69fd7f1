# Soft labels of the unknown elements, from models that have not seen the image: this project's form of the
# pseudo-labels of Zhang et al. 2023 (arXiv 2308.00166), of which we had only the abstract. All numbers are ours.
_base_ = 'binary_cross_entropy.py'

loss = dict(
    _delete_=True,
    type='SoftLabelLoss',
    weight=1.0,  # weight of an unknown element with a soft label
    loss=_base_.loss,
)

# The soft labels are stored by sample id, which this head passes to the loss.
head = dict(type='PartialLabelLinearClsHead')

hooks = [dict(type='SoftLabelsHook')]  # computes the soft labels before the first epoch

search_space = {'loss.weight': [1.0, 0.3, 0.1]}
