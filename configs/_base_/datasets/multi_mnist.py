# MultiMNIST: 1 to 4 MNIST digits on a canvas of 64 pixels, long-tailed in training, else balanced.
# See docs/datasets.md for the files.
_base_ = 'digits.py'

# Frequently modified parameters
data_root = 'data/mnist'  # folder of MNIST's four .gz files
num_images = 24000  # training canvases with 60,000 digits, drawn from the first 50,000 of MNIST
num_test_images = 4000  # with 10,000 digits; as many for validation, from the other training digits of MNIST
batch_size = 128  # per GPU

train_dataloader = dict(batch_size=batch_size, dataset=dict(data_root=data_root, num_images=num_images))
val_dataloader = dict(dataset=dict(data_root=data_root, num_images=num_test_images))
test_dataloader = dict(dataset=dict(data_root=data_root, num_images=num_test_images))
