"""Count of the operations and host reads that a step would have on a GPU."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from mmpretrain_imbalance.testing.counted_step import DEVICE, DeviceTensor, counted_step, to_device


def device_tensor() -> DeviceTensor:
    return DeviceTensor(torch.tensor([[1.0, -2.0], [3.0, 0.0]]))


def operations(step, *tensors) -> list[str]:
    with counted_step() as count:
        step(*tensors)
    return [operation.rpartition(" ")[2] for operation in count.operations]


def test_binary_cross_entropy_of_torch_has_8_operations_including_2_views():
    logits, labels = device_tensor(), DeviceTensor(torch.ones(2, 2))
    with counted_step() as count:
        binary_cross_entropy_with_logits(logits.detach().requires_grad_(), labels).backward()
    assert len(count.operations) == 8
    assert [operation.rpartition(" ")[2] for operation in count.views] == ["detach", "detach"]
    assert not count.reads
    assert not count.copies


READS = {
    "item": lambda x: x.sum().item(),
    "if": lambda x: x if (x > 0).any() else -x,
    "float": lambda x: float(x[0, 0]),
    "tolist": lambda x: x.tolist(),
    "cpu": lambda x: x.cpu(),
    "copy_": lambda x: torch.zeros(2, 2).copy_(x),
    "numpy": lambda x: x.cpu().numpy(),
    "nonzero": lambda x: x.nonzero(),
    "where": lambda x: torch.where(x > 0),
    "masked_select": lambda x: x.masked_select(x > 0),
    "unique": lambda x: x.unique(),
    "equal": lambda x: torch.equal(x, x),
    "bincount": lambda x: torch.bincount(x.long().abs().flatten()),
    "boolean index": lambda x: x[x > 0],
    "boolean assignment": lambda x: x.clone().__setitem__(x > 0, x[0, :1].expand(2)),
    "repeat_interleave": lambda x: torch.repeat_interleave(x[:, 0].long().abs()),
}
COPIES = {
    "tensor": lambda x: torch.tensor([1.0, 2.0], device=x.device),
    "as_tensor": lambda x: torch.as_tensor(3.0, device=x.device),
    "to": lambda x: torch.ones(2).to(x.device),
    "copy_": lambda x: x.copy_(torch.ones(2, 2)),
    "index of a list": lambda x: x[[0, 1]],
    "index of the host": lambda x: x[torch.tensor([0, 1])],
}
FREE = {
    "masked_fill": lambda x: x.masked_fill(x > 0, 1),
    "assignment of one value": lambda x: x.clone().__setitem__(x > 0, 0.0),
    "where": lambda x: torch.where(x > 0, x, 0.0),
    "index on the device": lambda x: x[x.argmax(dim=0)],
    "repeat_interleave": lambda x: torch.repeat_interleave(x[:, 0].long().abs(), output_size=4),
    "to": lambda x: torch.ones(2).to(x.device, non_blocking=True),
    "to the host": lambda x: x.to("cpu", non_blocking=True),
    "copy_": lambda x: torch.zeros(2, 2).copy_(x, non_blocking=True),
    "as_tensor": lambda x: torch.as_tensor(x, device=x.device),
    "made on the device": lambda x: torch.zeros(2, 2, device=x.device) + torch.arange(2, device=x.device),
    "number of the host": lambda x: x * torch.tensor(2.0),
    "on the host": lambda x: torch.ones(2).sum().item(),
    "topk": lambda x: x.topk(1, dim=1).values.sort().values.cumsum(0),
}


@pytest.mark.parametrize("name", READS)
def test_reads(name):
    with counted_step() as count:
        READS[name](device_tensor())
    assert len(count.reads) == 1, count
    assert not count.copies
    assert "test_counted_step.py:" in count.reads[0]


@pytest.mark.parametrize("name", COPIES)
def test_copies_that_wait(name):
    with counted_step() as count:
        COPIES[name](device_tensor())
    assert len(count.copies) == 1, count
    assert not count.reads


@pytest.mark.parametrize("name", FREE)
def test_operations_that_do_not_wait(name):
    with counted_step() as count:
        FREE[name](device_tensor())
    assert not count.reads
    assert not count.copies


def test_operations_on_the_host_are_not_counted():
    assert operations(lambda: torch.ones(3).sum()) == []


def test_values_gradients_and_changes_in_place_equal_those_on_the_host():
    layer, twin = nn.Linear(2, 3), nn.Linear(2, 3)
    twin.load_state_dict(layer.state_dict())
    to_device(twin)
    with counted_step():
        loss = twin(device_tensor()).square().sum()
        loss.backward()
        assert loss.device.type == DEVICE
        buffer = torch.zeros(3, device=loss.device)
        buffer += 1
        buffer.view(-1).scatter_(0, torch.arange(1, device=loss.device), 7.0)
        values = buffer.tolist()
    expected = layer(device_tensor().host).square().sum()
    expected.backward()
    torch.testing.assert_close(loss.host, expected.detach())
    torch.testing.assert_close(twin.weight.grad.host, layer.weight.grad)
    assert values == [7, 1, 1]


def test_tensors_of_two_devices_do_not_mix():
    with counted_step(), pytest.raises(RuntimeError, match="all tensors of add to be on the same device"):
        device_tensor() + torch.ones(2, 2)
