"""Base classes of the losses, their state, their argument checks and their traits."""
