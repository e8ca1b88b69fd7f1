# Partial Label Masking around Class-aware Selective Loss: masking balances the known labels, and selection
# handles the unknown labels.
_base_ = [
    '../_base_/protocols/digits_half_known.py',
    '../_base_/methods/partial_label_masking_loss_selective.py',
]

# The numbers of the selection and the prior are those of digits-rps50_csl.py.
model = dict(
    head=dict(
        loss=dict(
            _base_.loss,
            loss=dict(
                _base_.loss.loss,
                prior_threshold=0.5,
                class_prior='work_dirs/digits-rps50_ignore/class_prior.json',
            ),
        )
    )
)
