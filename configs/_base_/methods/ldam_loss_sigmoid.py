# LDAM with one sigmoid per class: binary cross-entropy with the margins of Cao et al. (NeurIPS 2019, arXiv
# 1906.07413) on the logits of positives. This form and its numbers are ours, for logits of a linear layer.
loss = dict(
    type='LDAMLoss',
    activation='sigmoid',
    max_margin=1.0,  # margin of the rarest class
    scale=1.0,
)

search_space = {'loss.max_margin': [0.5, 1.0, 2.0]}
