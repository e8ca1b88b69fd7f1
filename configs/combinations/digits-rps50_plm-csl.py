# Partial Label Masking around Class-aware Selective Loss: masking balances the known labels, selection treats the unknown ones.
_base_ = '../class_aware_selective/digits-rps50_csl.py'

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='PartialLabelMaskingLoss',
            reduction='kept_per_class',
            loss=dict(
                type='ClassAwareSelectiveLoss',
                gamma_pos=0,
                gamma_neg=1,
                gamma_unknown=4,
                likelihood_topk={{_base_.likelihood_topk}},
                topk_scope='batch',
                prior_threshold={{_base_.prior_threshold}},
                class_prior={{_base_.class_prior}}))))
