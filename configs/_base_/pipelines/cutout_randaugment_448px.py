# 448 x 448 pixels for every image shape, Cutout of a square of half the side, then two random operations.
# RandAugment with MMPretrain's own operations replaces the package that the authors of ASL, CSL and Hill
# import.
augment_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(448, 448)),
    dict(type='Cutout', shape=224, prob=1.0),
    dict(type='RandAugment', policies='timm_increasing', num_policies=2, magnitude_level=9),
    dict(type='PackInputs'),
]
resize_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(448, 448)),
    dict(type='PackInputs'),
]
