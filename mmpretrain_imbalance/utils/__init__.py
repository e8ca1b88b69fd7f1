"""Argument checks, files, values per class and safe checkpoints: used by every folder, importing none."""
