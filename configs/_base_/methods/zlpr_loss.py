# ZLPR, Su et al. 2022 (arXiv 2208.02955). The loss has no hyper-parameters.
loss = dict(type='ZLPRLoss')
