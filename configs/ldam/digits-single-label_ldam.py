# Imbalanced digits, one per image: softmax cross-entropy with margins.
_base_ = ['../_base_/protocols/digits_all_known.py', '../_base_/methods/ldam_loss.py']

train_dataloader = dict(dataset=dict(max_digits=1))
val_dataloader = dict(dataset=dict(max_digits=1))
test_dataloader = dict(dataset=dict(max_digits=1))

model = dict(head=dict(loss=dict(_base_.loss, scale=1.0)))  # the logits come from a linear layer
