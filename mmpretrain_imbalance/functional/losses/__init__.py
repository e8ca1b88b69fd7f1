"""Loss formulas, one per file: pure functions of logits and labels."""
