# Repeat factor sampling, Gupta et al. (CVPR 2019, arXiv 1908.03195): images of rare classes are repeated.
_base_ = 'binary_cross_entropy.py'

sampler = dict(
    type='RepeatFactorSampler',
    threshold=0.1,  # classes in a smaller fraction of the images are repeated; ours, for ten classes
)

search_space = {'sampler.threshold': [0.01, 0.1, 0.3]}
