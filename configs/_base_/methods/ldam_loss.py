# LDAM, Cao et al. (NeurIPS 2019, arXiv 1906.07413), for images with one label. Margin and scale are those of
# their code.
loss = dict(
    type='LDAMLoss',
    max_margin=0.5,  # margin of the rarest class
    scale=30.0,  # scale of cosine logits; 1 for a linear layer
)

search_space = {'loss.max_margin': [0.3, 0.5, 0.8]}
