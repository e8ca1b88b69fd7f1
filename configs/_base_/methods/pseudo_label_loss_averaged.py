# Pseudo-labels, after Zhang et al. 2023 (arXiv 2308.00166), predicted by an average of the weights. This needs
# one more forward pass per step. The average and all numbers are ours.
_base_ = 'pseudo_label_loss.py'

loss = dict(predictions='averaged_model')

hooks = [
    dict(type='EMAHook', momentum=0.01),
    dict(type='AveragedPredictionsHook'),  # passes the predictions of the averaged model to the loss
]
