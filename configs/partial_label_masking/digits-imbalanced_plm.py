# Imbalanced, fully labeled digits: Partial Label Masking with a uniform initial ratio; each class is divided
# by its kept fraction. Both are ours; configs/partial_label_masking/digits-imbalanced_plm-class-start.py
# starts as in the paper.
_base_ = ['../_base_/protocols/digits_all_known.py', '../_base_/methods/partial_label_masking_loss.py']

model = dict(
    head=dict(
        loss=dict(
            _base_.loss,
            initial_ideal_ratio='uniform',
            reduction='kept_per_class',
            rate=0.1,  # ten times the rate of the method, for a run of 20 epochs
        )
    )
)
