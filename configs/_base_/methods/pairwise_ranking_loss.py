# Pairwise ranking of the positives of an image above its other classes, from the code of Cole et al. (CVPR
# 2021, arXiv 2106.09708).
loss = dict(type='PairwiseRankingLoss')
