# LL-Cp, Kim et al. (CVPR 2022, arXiv 2206.03740), single positives on COCO 2014. Batch size and learning rates as in the LL-R config.
# Their code leaves delta open (0.1 to 0.5); 0.1 is our choice, the smallest of these, since flips for good add up over the epochs.
_base_ = './resnet50_coco-sp_large-loss-reject.py'

model = dict(head=dict(loss=dict(_delete_=True, type='PermanentLargeLoss', delta=0.1, reduction='mean')))
