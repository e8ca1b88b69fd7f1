"""Comparisons of methods: plan, runs, statistics and result files."""
