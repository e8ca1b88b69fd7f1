# CSL, Ben-Baruch et al. (CVPR 2022, arXiv 2110.10955). The exponents are those of the authors' code for COCO
# with half of the labels unknown (RPS 0.5), and prior_threshold is the default of that code.
loss = dict(
    type='ClassAwareSelectiveLoss',
    likelihood_topk='auto',  # ours: unannotated positives per image, estimated; 5 in the authors' code
    prior_threshold=0.05,  # unknown labels of classes with a larger prior are ignored
    class_prior=None,  # the class_prior.json of a run with ClassPriorTrackingLoss; matched by class name
    gamma_pos=0,  # focusing exponent of positives
    gamma_neg=1,  # focusing exponent of negatives
    gamma_unknown=4,  # focusing exponent of unknown labels that are used as negatives
    topk_scope='batch',  # likelihood_topk times N unknown labels of the N images of one GPU; 'image' is ours
    reduction='mean_images',  # ours; the authors use 'sum' with their learning rate
)

search_space = {'loss.gamma_neg': [1, 3], 'loss.prior_threshold': [None, 0.05, 0.5]}
requires = dict(class_prior='binary_cross_entropy')
