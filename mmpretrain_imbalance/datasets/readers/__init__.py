"""Readers of published data sets, one data set per file."""
