# SPLC with focal margin loss, Zhang et al. 2021 (arXiv 2112.07368), in the set-up of the Hill loss; threshold, margin, exponent and
# first epoch are those of their code. Missing positives are annotated as negatives here, so negatives must be open to correction.
_base_ = '../hill/resnet50_coco-drop60_hill.py'

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='SelfPacedCorrectionLoss',
            threshold=0.6,
            correction_epoch=1,
            margin=1.0,
            gamma=2.0,
            correct_negatives=True,
            reduction='sum')))
