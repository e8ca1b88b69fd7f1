# After Zhang et al. 2023 (arXiv 2308.00166): a label space that shrinks while training, on the 9,605 classes of Open Images. Of the paper
# only the abstract was at hand, which has no numbers: all of them are ours, the training that of resnet50_open-images_ignore.py.
_base_ = '../partial_bce/resnet50_open-images_ignore.py'

# The logits of inactive classes are not computed, so the loss may not count or compare over classes.
model = dict(
    head=dict(
        type='ActiveClassesLinearClsHead',
        active_fraction=(1.0, 0.1),
        loss=dict(_delete_=True, type='PartialAsymmetricLoss', unknown='ignore')))
