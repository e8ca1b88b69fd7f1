# MultiMNIST with half of all labels unknown.
_base_ = ['multi_mnist.py', '../simulations/rps50.py']

train_dataloader = dict(
    dataset=dict(_base_.simulation, _delete_=True, dataset=_base_.train_dataloader.dataset)
)
