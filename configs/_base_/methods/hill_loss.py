# Hill loss, Zhang et al. 2021 (arXiv 2112.07368). Every constant is the default of the class, which is that
# of the paper.
loss = dict(
    type='HillLoss',
    reduction='mean_images',  # ours; the authors use 'sum' with their learning rate
)
