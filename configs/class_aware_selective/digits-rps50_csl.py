# Half of the labels unknown: Class-aware Selective Loss. Its prior is the one that the ignore run estimated:
#   python tools/train.py configs/partial_bce/digits-rps50_ignore.py
#   python tools/train.py configs/class_aware_selective/digits-rps50_csl.py
_base_ = [
    '../_base_/datasets/digits_rps50.py', '../_base_/models/small_conv_net.py', '../_base_/schedules/digits_20e.py',
    '../_base_/digits_runtime.py'
]

# Frequently modified parameters
class_prior = 'work_dirs/digits-rps50_ignore/class_prior.json'  # matched by class name
likelihood_topk = 1  # about the expected number of unannotated positives of an image
prior_threshold = 0.5  # unknown labels of classes more frequent than this are left out

model = dict(
    head=dict(
        loss=dict(
            _delete_=True,
            type='ClassAwareSelectiveLoss',
            gamma_pos=0,
            gamma_neg=1,
            gamma_unknown=4,
            likelihood_topk=likelihood_topk,
            topk_scope='batch',
            prior_threshold=prior_threshold,
            class_prior=class_prior,
            reduction='mean_images')))
