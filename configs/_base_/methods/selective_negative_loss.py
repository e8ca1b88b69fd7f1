# The selection of unknown labels of CSL (Ben-Baruch et al., CVPR 2022, arXiv 2110.10955) around the Hill
# loss. The composition is ours.
_base_ = 'hill_loss.py'

loss = dict(
    _delete_=True,
    type='SelectiveNegativeLoss',
    likelihood_topk='auto',  # unannotated positives per image, estimated from the label counts
    prior_threshold=0.05,  # unknown labels of classes with a larger prior are ignored
    class_prior=None,  # the class_prior.json of a run with ClassPriorTrackingLoss; matched by class name
    topk_scope='batch',  # likelihood_topk times N unknown labels of the N images of one GPU; 'image' is ours
    loss=_base_.loss,  # any loss for which unknown labels are negatives
)

search_space = {'loss.prior_threshold': [None, 0.05, 0.5]}
requires = dict(class_prior='binary_cross_entropy')
