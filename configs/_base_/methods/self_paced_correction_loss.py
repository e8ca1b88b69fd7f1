# SPLC with the focal margin loss, Zhang et al. 2021 (arXiv 2112.07368). Threshold, margin, exponent and first
# epoch are those of their code.
loss = dict(
    type='SelfPacedCorrectionLoss',
    threshold=0.6,  # negatives with a larger probability become positives
    correction_epoch=1,  # first epoch with correction, counted from 0
    correct_negatives=True,  # if False, only unknown labels are corrected
    margin=1.0,  # margin of positives, in logits
    gamma=2.0,  # focusing exponent of positives
    reduction='mean_images',  # ours; the authors use 'sum' with their learning rate
)

search_space = {'loss.threshold': [0.6, 0.75, 0.9], 'loss.margin': [0.5, 1.0]}
