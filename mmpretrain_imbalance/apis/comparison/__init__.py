"""Comparison of methods: plan, configs of the runs, and their order."""
