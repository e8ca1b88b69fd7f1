# Hill loss, Zhang et al. 2021 (arXiv 2112.07368). Every constant is the default of the class, which is the
# paper's.
loss = dict(
    type='HillLoss',
    reduction='mean_images',  # ours; the authors take 'sum', which goes with their learning rate
)
