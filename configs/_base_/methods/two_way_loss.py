# Two-way loss, Kobayashi (CVPR 2023). The temperatures are those of his code.
loss = dict(type='TwoWayLoss', positive_temperature=4.0, negative_temperature=1.0)

search_space = {'loss.positive_temperature': [1.0, 2.0, 4.0], 'loss.negative_temperature': [1.0, 4.0]}
