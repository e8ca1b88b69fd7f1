"""Comparison of methods: plan, training of the runs, statistics and results."""
