# Poly-1, Leng et al. (ICLR 2022, arXiv 2204.12511).
loss = dict(
    type='Poly1Loss',
    epsilon=2.0,  # added to the first coefficient of the expansion in 1 - p
)

search_space = {'loss.epsilon': [1.0, 2.0, 4.0]}
