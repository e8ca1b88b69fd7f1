# Random crops of 96 pixels for training, and whole images of 112 pixels for testing, for a CPU or a small GPU:
# a crop shows objects larger than the whole image does, so that the test images have to be larger. On the
# command line, the sizes are train_dataloader.dataset.pipeline.1.scale and
# test_dataloader.dataset.pipeline.1.scale.

# Frequently modified parameters
image_size = 96  # 96 to 160
test_size = image_size * 7 // 6

crop_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomResizedCrop', scale=image_size, crop_ratio_range=(0.5, 1.0)),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
whole_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(test_size, test_size)),
    dict(type='PackInputs'),
]
