"""Argument checks, files, values per class and safe checkpoints; imports no other folder of the package."""
