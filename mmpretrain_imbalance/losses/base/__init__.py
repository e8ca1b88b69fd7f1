"""Base classes of losses, their state, checks and traits: what the losses in the folder above share."""
