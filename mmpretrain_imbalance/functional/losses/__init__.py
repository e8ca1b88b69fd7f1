"""Loss functions of logits and labels, one formula per file."""
