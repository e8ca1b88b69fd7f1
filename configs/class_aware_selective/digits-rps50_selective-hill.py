# Half of the labels unknown: the choice of Class-aware Selective Loss around the Hill loss. The prior is that of the ignore run.
_base_ = 'digits-rps50_csl.py'

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='SelectiveNegativeLoss',
            likelihood_topk={{_base_.likelihood_topk}},
            topk_scope='batch',
            prior_threshold={{_base_.prior_threshold}},
            class_prior={{_base_.class_prior}},
            loss=dict(type='HillLoss', reduction='mean_images'))))
