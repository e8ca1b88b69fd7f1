# Square-root sampling, Kang et al. (ICLR 2020, arXiv 1910.09217): the weight of a class is 1 / sqrt(number of
# its positives).
_base_ = 'binary_cross_entropy.py'

sampler = dict(
    type='ClassWeightedSampler',
    scheme='inverse_square_root',
    reduction='mean',  # reduction over the classes of an image; ours
)

search_space = {'sampler.scheme': ['inverse_square_root', 'inverse']}
