"""Experiments that one command repeats: their cells, their results as JSON, and pages of the results."""
