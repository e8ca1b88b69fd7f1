# BoostLU with LL-R, Kim et al. (CVPR 2023, arXiv 2304.01804). Alpha and delta are those of their code. Maps
# are boosted before they are averaged over the image, so the model must not pool before the head.
_base_ = 'large_loss.py'

head = dict(
    type='PartialLabelLinearClsHead',
    boost_lu=5.0,  # alpha, the factor of positive values of the class activation maps
)

search_space = {'head.boost_lu': [2.0, 5.0, 10.0]}
