# Class-aware sampling, Shen et al. (ECCV 2016, arXiv 1512.05830): every class is sampled equally often.
_base_ = 'binary_cross_entropy.py'

sampler = dict(type='ClassAwareSampler')
