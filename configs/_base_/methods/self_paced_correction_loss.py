# SPLC with the focal margin loss, Zhang et al. 2021 (arXiv 2112.07368). Threshold, margin, exponent and first
# epoch are those of their code.
loss = dict(
    type='SelfPacedCorrectionLoss',
    threshold=0.6,  # a label that counts as negative becomes positive above this probability
    correction_epoch=1,  # first epoch with correction, counted from 0
    correct_negatives=True,  # False: only unknown labels are corrected, annotated negatives stay
    margin=1.0,  # of the positives, in logits
    gamma=2.0,  # focusing exponent of positives
    reduction='mean_images',  # ours; the authors take 'sum', which goes with their learning rate
)
