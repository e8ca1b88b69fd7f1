# Your own data, fine-tuned for 30 epochs. A config adds the model, the method, the folders and num_classes.
_base_ = [
    '../datasets/own_images.py',
    '../schedules/adamw_cosine_30e.py',
    '../own_data_runtime.py',
]
