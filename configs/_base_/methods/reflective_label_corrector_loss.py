# Reflective label corrector of COMIC, Zhang et al. (ICCV 2023, arXiv 2304.10539).
loss = dict(
    type='ReflectiveLabelCorrectorLoss',
    correction_epoch=1,  # first epoch with correction, counted from 0; ours
    correct_negatives=False,  # ours: only unknown labels are corrected
)
